import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { loadPolicy } from '@ipsmgw/policy'
import { RateLimiter } from './rates.ts'

const of = (uri: string, number?: string) => ({
  asserted: [{ uri, ...(number !== undefined && { number }) }],
  from: { uri },
})
const ALICE = of('sip:alice@ims.example')
const BOB = of('sip:bob@ims.example')
const limiter = (replicas = 1, capacity = 100) => new RateLimiter({ replicas, capacity })
const policy = (rates: object) => loadPolicy('', { rates })

/** How many of `count` messages at `atMs` pass. */
const passing = (rates: RateLimiter, p: ReturnType<typeof policy>, sender = ALICE, count = 10, atMs = 0) =>
  Array.from({ length: count }).filter(() => rates.take(sender, p, atMs) === undefined).length

describe('rates of senders and domains', () => {
  const three = policy({ sender: [{ messages: 3, withinSeconds: 60 }] })

  test('each sender has a bucket of its own, refilled with time; a refusal says how long', () => {
    const rates = limiter()
    assert.equal(passing(rates, three), 3)
    assert.equal(passing(rates, three, BOB), 3)
    assert.equal(rates.take(ALICE, three, 0), 20)
    assert.equal(passing(rates, three, ALICE, 10, 20_000), 1)
    assert.equal(passing(rates, three, ALICE, 10, 600_000), 3)
  })

  test('a short stretch and a long one: both must hold', () => {
    const both = policy({
      sender: [
        { messages: 2, withinSeconds: 1 },
        { messages: 3, withinSeconds: 3600 },
      ],
    })
    const rates = limiter()
    assert.equal(passing(rates, both), 2)
    assert.equal(passing(rates, both, ALICE, 10, 5_000), 1)
    assert.equal(passing(rates, both, ALICE, 10, 60_000), 0)
  })

  test('a domain counts all its senders; what is refused counts for nobody', () => {
    const p = policy({
      sender: [{ messages: 2, withinSeconds: 60 }],
      domain: [{ messages: 3, withinSeconds: 60 }],
    })
    const rates = limiter()
    assert.equal(passing(rates, p), 2)
    assert.equal(passing(rates, p, BOB), 1)
    assert.equal(passing(rates, p, of('sip:c@other.example')), 2)
    assert.equal(passing(rates, p, of('tel:+447700900111', '+447700900111')), 2)
  })

  test('instances share a limit: each grants its part, and never less than one', () => {
    assert.equal(passing(limiter(3), three), 1)
    const rates = limiter(6)
    assert.equal(passing(rates, three), 1)
    assert.equal(passing(rates, three, ALICE, 10, 60_000), 0)
    assert.equal(passing(rates, three, ALICE, 10, 120_000), 1)
  })

  test('memory is bounded: who was silent longest is forgotten first', () => {
    const rates = limiter(1, 2)
    passing(rates, three)
    passing(rates, three, BOB)
    passing(rates, three, of('sip:c@ims.example'))
    assert.equal(passing(rates, three, BOB), 0)
    assert.equal(passing(rates, three), 3)
  })

  test('without rates nothing is remembered or refused', () =>
    assert.equal(passing(limiter(), loadPolicy(), ALICE, 1000), 1000))
})

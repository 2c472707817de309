import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Lease } from './lease.ts'

function lease() {
  const clock = { ms: 0 }
  const options = { sessionTimeoutMs: 10_000, silenceLimitMs: 45_000, frozenAboveMs: 5_000 }
  return { clock, lease: new Lease(options, () => clock.ms) }
}

describe('kafka.md F16: what may be believed of a membership', () => {
  test('nothing is held before the coordinator has said so', () => {
    assert.equal(lease().lease.held, false)
  })

  test('a session counts from the moment the accepted heartbeat left', () => {
    const { clock, lease: held } = lease()
    held.asked(0)
    clock.ms = 4_000
    held.granted()
    clock.ms = 9_999
    assert.equal(held.held, true)
    clock.ms = 10_000
    assert.equal(held.held, false)
  })

  test('a process frozen between heartbeat and answer holds nothing when it thaws', () => {
    const { clock, lease: held } = lease()
    held.asked(0)
    clock.ms = 15_000
    held.granted()
    assert.equal(held.held, false)
  })

  test('a library that says nothing for too long is hung', () => {
    const { clock, lease: held } = lease()
    for (; clock.ms <= 45_000; clock.ms += 1_000) assert.equal(held.silent(), false)
    assert.equal(held.silent(), true)
    held.sign()
    assert.equal(held.silent(), false)
  })

  test('after a freeze of the process itself the brokers get their time again', () => {
    const { clock, lease: held } = lease()
    held.silent()
    clock.ms = 100_000
    assert.equal(held.silent(), false)
    for (let n = 0; n < 45; n++, clock.ms += 1_000) assert.equal(held.silent(), false)
    clock.ms += 1_000
    assert.equal(held.silent(), true)
  })
})

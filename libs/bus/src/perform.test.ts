import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { BusError } from './bus.ts'
import { AGAIN, insist, type Performance, perform } from './perform.ts'

const away = () => new BusError('failed', 'the broker is away')

function performance(over: Partial<Omit<Performance, 'run'>> = {}) {
  const clock = { ms: 0 }
  const failures: unknown[] = []
  const waits: number[] = []
  return {
    failures,
    waits,
    performance: {
      again: AGAIN,
      owned: () => true,
      failed: (error: unknown) => void failures.push(error),
      now: () => clock.ms,
      wait: async (ms: number) => {
        waits.push(ms)
        clock.ms += ms
      },
      ...over,
    },
  }
}

describe('design Never silently lost: a handler that fails', () => {
  test('a synchronous handler is done at once', () => {
    assert.equal(perform({ ...performance().performance, run: () => {} }), true)
  })

  test('its own fault is reported, once, and the record is done', async () => {
    const { performance: options, failures } = performance()
    const fault = new TypeError('a defect')
    assert.equal(await perform({ ...options, run: () => Promise.reject(fault) }), true)
    assert.deepEqual(failures, [fault])
  })

  test('a bus that cannot take its records makes it run again until it can', async () => {
    const { performance: options, failures, waits } = performance()
    let runs = 0
    const handler = async () => {
      if (++runs < 4) throw away()
    }
    assert.equal(await perform({ ...options, run: handler }), true)
    assert.deepEqual([runs, failures, waits], [4, [], [100, 200, 400]])
  })

  test('a bus that stays away is given up in bounded time', async () => {
    const { performance: options, failures, waits } = performance()
    assert.equal(await perform({ ...options, run: () => Promise.reject(away()) }), true)
    assert.equal(failures.length, 1)
    const total = waits.reduce((a, b) => a + b, 0)
    assert.ok(total >= AGAIN.limitMs && total <= AGAIN.limitMs + AGAIN.maximumDelayMs, `${total} ms`)
  })

  test('a record that is not ours any more is left to its new owner', async () => {
    const { performance: options, failures } = performance({ owned: () => false })
    assert.equal(await perform({ ...options, run: () => Promise.reject(away()) }), false)
    assert.deepEqual(failures, [])
  })

  test('a claim is never run again', async () => {
    const { performance: options, failures, waits } = performance()
    const { again: _, ...claim } = options
    assert.equal(await perform({ ...claim, run: () => Promise.reject(away()) }), true)
    assert.deepEqual([failures.length, waits.length], [1, 0])
  })
})

describe('design Never silently lost: a fact that cannot be made again', () => {
  test('is put on the bus when the bus is back', async () => {
    const { performance: options, waits } = performance()
    let tries = 0
    await insist(async () => {
      if (tries++ < 2) throw new BusError('full', 'too many wait already')
    }, options)
    assert.deepEqual([tries, waits.length], [3, 2])
  })

  test('fails with its own error when the bus stays away, or at once when that cannot help', async () => {
    const { performance: options, waits } = performance()
    await assert.rejects(() => insist(() => Promise.reject(away()), options), /the broker is away/)
    waits.length = 0
    await assert.rejects(
      () => insist(() => Promise.reject(new BusError('closed', 'closed')), options),
      /closed/,
    )
    assert.deepEqual(waits, [])
  })
})

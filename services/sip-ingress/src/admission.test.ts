import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Admission } from './admission.ts'

let nowMs = 0
const idle = {
  get nowMs() {
    nowMs += 100
    return nowMs
  },
  utilisation: 0.3,
  lagMs: 0,
  delayMs: 0,
  arrived: 200,
  oldestUnpublishedMs: 0,
}
const admission = (maximumInFlight = 1_000) => new Admission({ maximumInFlight, maximumLagMs: 2_000 })

/** Of 1,000 messages how many are refused. */
const refused = (a: Admission, isPriority = false) =>
  Array.from({ length: 1_000 }).filter(() => a.refuses(0, isPriority) !== undefined).length

/** So many samples in which the process was busy all the time and messages were late. */
function late(a: Admission, samples: number): void {
  for (let i = 0; i < samples; i++) a.sample({ ...idle, utilisation: 1, lagMs: 2_100 })
}

describe('design: overload', () => {
  test('a burst of 400 ms is taken, what lasts is refused in part, and all is taken again soon after', () => {
    const a = admission()
    late(a, 4)
    a.sample(idle)
    assert.equal(refused(a), 0)
    late(a, 8)
    assert.ok(a.loss > 0.5, String(a.loss))
    assert.ok(Math.abs(refused(a) / 1_000 - a.loss) < 0.01)
    for (let i = 0; i < 20; i++) a.sample(idle)
    assert.equal(a.loss, 0)
    assert.equal(refused(a), 0)
  })

  test('under twice the capacity the part that is taken settles near the target', () => {
    const a = admission()
    // What is refused costs a tenth of what is taken.
    const load = () => Math.min(1, 2 * (1 - a.loss) + 0.2 * a.loss)
    late(a, 5)
    for (let i = 0; i < 50; i++) a.sample({ ...idle, utilisation: load() })
    const settled = Array.from({ length: 50 }, () => {
      a.sample({ ...idle, utilisation: load() })
      return load()
    })
    assert.ok(Math.max(...settled) < 0.9 && Math.min(...settled) > 0.7, settled.join(' '))
  })

  test('a process that is busy all the time and still answers in time refuses nothing', () => {
    const a = admission()
    for (let i = 0; i < 20; i++) a.sample({ ...idle, utilisation: 1 })
    assert.equal(a.loss, 0)
  })

  test('a saturated event loop that is late twice in a row sheds load for all the time that it missed', () => {
    const a = admission()
    const overrun = { ...idle, utilisation: 1, delayMs: 150 }
    a.sample(overrun)
    a.sample(idle)
    a.sample(overrun)
    assert.equal(a.loss, 0)
    a.sample(overrun)
    assert.ok(a.loss > 0.5, String(a.loss))
  })

  test('an event loop that is late and has idle time, or few messages, was held up by others: nothing is refused', () => {
    const a = admission()
    for (let i = 0; i < 20; i++) a.sample({ ...idle, utilisation: 0.5, delayMs: 300 })
    for (let i = 0; i < 20; i++) a.sample({ ...idle, utilisation: 1, delayMs: 300, arrived: 10 })
    assert.equal(a.loss, 0)
  })

  test('a pipeline that lags and a bus that does not confirm count as load', () => {
    for (const trouble of [{ lagMs: 3_000 }, { oldestUnpublishedMs: 3_000 }]) {
      const a = admission()
      for (let i = 0; i < 5; i++) a.sample({ ...idle, ...trouble })
      assert.ok(a.loss > 0)
    }
  })

  test('priority messages survive longer: load refuses none, and the last tenth of the room is theirs', () => {
    const a = admission(100)
    late(a, 20)
    assert.equal(refused(a, true), 0)
    const b = admission(100)
    assert.equal(b.refuses(90, false), 'inFlight')
    assert.equal(b.refuses(99, true), undefined)
    assert.equal(b.refuses(100, true), 'inFlight')
  })

  test('RFC 7339 §4: neighbours are told the loss, with a sequence that grows', () => {
    const a = admission()
    assert.equal(a.feedback.lossPercent, 0)
    const before = Number(a.feedback.sequence)
    late(a, 6)
    assert.equal(a.feedback.lossPercent, Math.round(a.loss * 100))
    assert.ok(Number(a.feedback.sequence) > before)
  })

  test('RFC 7683: what the networks behind refuse is told to neighbours, and nothing is refused here for it', () => {
    const a = admission()
    for (let i = 0; i < 20; i++) a.sample({ ...idle, finals: 50, congested: 20 })
    assert.equal(a.feedback.lossPercent, 40)
    assert.equal(a.loss, 0)
    assert.equal(refused(a), 0)
    const { sequence } = a.feedback
    for (let i = 0; i < 60; i++) a.sample({ ...idle, finals: 50, congested: 0 })
    assert.equal(a.feedback.lossPercent, 0)
    assert.ok(Number(a.feedback.sequence) > Number(sequence))
  })

  test('a few unlucky finals are no congestion', () => {
    const a = admission()
    a.sample({ ...idle, finals: 3, congested: 3 })
    assert.equal(a.feedback.lossPercent, 0)
  })
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeClock } from '../testing/fake-clock.ts'
import { Timed, TimerWheel } from './timer-wheel.ts'

class Probe extends Timed {
  readonly firedAtMs: number[] = []
  readonly #onFire: () => void

  constructor(onFire: () => void = () => {}) {
    super()
    this.#onFire = onFire
  }

  override onTimer(nowMs: number): void {
    this.firedAtMs.push(nowMs)
    this.#onFire()
  }
}

function wheel(): { clock: FakeClock; wheel: TimerWheel; startMs: number } {
  const clock = new FakeClock()
  clock.advance(7) // off the tick
  return { clock, wheel: new TimerWheel(clock), startMs: clock.now() }
}

test('RFC 3261 §17 a timer fires once, never early, and at most two ticks late, up to beyond one turn of the wheel', () => {
  const { clock, wheel: timers, startMs } = wheel()
  const probes = [0, 1, 19, 20, 500, 3500, 32_000, 40_960, 41_000, 128_000].map((afterMs) => {
    const probe = new Probe()
    timers.set(probe, startMs + afterMs)
    return { afterMs, probe }
  })
  for (let i = 0; i < 13_000; i++) clock.advance(10)
  for (const { afterMs, probe } of probes) {
    assert.equal(probe.firedAtMs.length, 1, `${afterMs}`)
    const lateMs = (probe.firedAtMs[0] ?? 0) - startMs - afterMs
    assert.ok(lateMs >= 0 && lateMs <= 40, `${afterMs}: ${lateMs} ms late`)
  }
  assert.equal(timers.size, 0)
})

test('RFC 3261 §17 a timer that is cleared or moved does not fire at its old time', () => {
  const { clock, wheel: timers, startMs } = wheel()
  const cleared = new Probe()
  const moved = new Probe()
  timers.set(cleared, startMs + 100)
  timers.set(moved, startMs + 100)
  timers.set(moved, startMs + 1000)
  timers.clear(cleared)
  timers.clear(cleared)
  clock.advance(500)
  assert.deepEqual([cleared.firedAtMs.length, moved.firedAtMs.length, timers.size], [0, 0, 1])
  clock.advance(600)
  assert.equal(moved.firedAtMs.length, 1)
})

test('RFC 3261 §17 timers may set and clear others of the same tick while they fire', () => {
  const { clock, wheel: timers, startMs } = wheel()
  const victim = new Probe()
  const again: Probe = new Probe(() => {
    timers.clear(victim)
    if (again.firedAtMs.length < 3) timers.set(again, clock.now())
  })
  timers.set(again, startMs + 50)
  timers.set(victim, startMs + 50)
  clock.advance(300)
  assert.deepEqual([again.firedAtMs.length, victim.firedAtMs.length, timers.size], [3, 0, 0])
})

test('RFC 3261 §17 after a frozen process everything that is due fires at once', () => {
  const ticks: Array<() => void> = []
  let nowMs = 5_000
  const timers = new TimerWheel({
    now: () => nowMs,
    every: (_intervalMs, callback) => {
      ticks.push(callback)
      return () => {}
    },
  })
  const probes = Array.from({ length: 1000 }, (_, i) => {
    const probe = new Probe()
    timers.set(probe, 5_000 + i * 60)
    return probe
  })
  nowMs += 3_600_000
  ticks[0]?.()
  assert.ok(probes.every((probe) => probe.firedAtMs.length === 1))
})

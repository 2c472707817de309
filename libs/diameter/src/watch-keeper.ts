import type { TimerOptions } from './types.ts'
import {
  INITIAL_WATCHDOG,
  type WatchdogEffect,
  type WatchdogEvent,
  type WatchdogState,
  watchdogTransition,
} from './watchdog.ts'

/** Something that the node's one timer wheel calls. */
export interface Timed {
  expire(): void
}

export interface WatchKeeperContext {
  readonly timers: TimerOptions
  now(): number
  random(): number
  setTimer(timer: Timed, atMs: number): void
  clearTimer(timer: Timed): void
  sendDwr(): void
  failover(): void
  failback(): void
  close(): void
}

/** Runs the watchdog of one peer: its timer, and what its effects mean. */
export class WatchKeeper implements Timed {
  readonly #context: WatchKeeperContext
  #watchdog = INITIAL_WATCHDOG
  #heardAtMs = 0

  constructor(context: WatchKeeperContext) {
    this.#context = context
  }

  get state(): WatchdogState {
    return this.#watchdog.state
  }

  up(): void {
    this.#heardAtMs = this.#context.now()
    this.#apply('up')
  }

  lost(): void {
    this.#context.clearTimer(this)
    this.#apply('lost')
  }

  /** Any message restarts Tw: in OKAY only the time is noted, the timer looks back when it fires. */
  heard(isDwa: boolean): void {
    this.#heardAtMs = this.#context.now()
    if (isDwa || this.#watchdog.state !== 'okay') this.#apply(isDwa ? 'dwa' : 'message')
  }

  expire(): void {
    const { watchdogMs, watchdogJitterMs } = this.#context.timers
    const quietMs = this.#context.now() - this.#heardAtMs
    const { state, pending } = this.#watchdog
    if (state === 'okay' && !pending && quietMs < watchdogMs - watchdogJitterMs) this.#setTimer(quietMs)
    else this.#apply('timer')
  }

  #apply(event: WatchdogEvent): void {
    const { next, effects } = watchdogTransition(this.#watchdog, event)
    this.#watchdog = next
    for (const effect of effects) this.#perform(effect)
  }

  #perform(effect: WatchdogEffect): void {
    if (effect === 'setTimer') this.#setTimer(0)
    else this.#context[effect]()
  }

  #setTimer(elapsedMs: number): void {
    const { timers, now, random, setTimer } = this.#context
    const jitterMs = (random() * 2 - 1) * timers.watchdogJitterMs
    setTimer(this, now() + timers.watchdogMs + jitterMs - elapsedMs)
  }
}

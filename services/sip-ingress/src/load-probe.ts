import { type EventLoopUtilization, performance } from 'node:perf_hooks'
import { SAMPLE_EVERY_MS } from './admission.ts'

/** Measures in regular steps how busy this process is, and how far its event loop is behind. */
export class LoadProbe {
  readonly #now: () => number
  readonly #take: (utilisation: number, delayMs: number, nowMs: number) => void
  #timer: NodeJS.Timeout | undefined
  #last: EventLoopUtilization = performance.eventLoopUtilization()
  #lastAtMs = 0

  constructor(now: () => number, take: (utilisation: number, delayMs: number, nowMs: number) => void) {
    this.#now = now
    this.#take = take
  }

  start(): void {
    this.#last = performance.eventLoopUtilization()
    this.#lastAtMs = performance.now()
    this.#timer = setInterval(() => this.#sample(), SAMPLE_EVERY_MS).unref()
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  #sample(): void {
    const current = performance.eventLoopUtilization()
    const { utilization } = performance.eventLoopUtilization(current, this.#last)
    this.#last = current
    const atMs = performance.now()
    const delayMs = Math.max(0, atMs - this.#lastAtMs - SAMPLE_EVERY_MS)
    this.#lastAtMs = atMs
    this.#take(utilization, delayMs, this.#now())
  }
}

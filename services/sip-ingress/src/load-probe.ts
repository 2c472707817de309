import { type EventLoopUtilization, performance } from 'node:perf_hooks'
import { SAMPLE_EVERY_MS } from './admission.ts'

/** Measures how busy this process is, in regular steps. */
export class LoadProbe {
  readonly #now: () => number
  readonly #take: (utilisation: number, nowMs: number) => void
  #timer: NodeJS.Timeout | undefined
  #last: EventLoopUtilization = performance.eventLoopUtilization()

  constructor(now: () => number, take: (utilisation: number, nowMs: number) => void) {
    this.#now = now
    this.#take = take
  }

  start(): void {
    this.#last = performance.eventLoopUtilization()
    this.#timer = setInterval(() => this.#sample(), SAMPLE_EVERY_MS).unref()
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  #sample(): void {
    const current = performance.eventLoopUtilization()
    const { utilization } = performance.eventLoopUtilization(current, this.#last)
    this.#last = current
    this.#take(utilization, this.#now())
  }
}

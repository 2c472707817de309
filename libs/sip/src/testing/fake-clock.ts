import type { SipClock } from '../peer/types.ts'

/** A clock that stands still until it is advanced; interval callbacks run on the way. */
export class FakeClock implements SipClock {
  #nowMs = 1_000_000
  readonly #intervals = new Set<{ everyMs: number; nextMs: number; callback: () => void }>()

  now(): number {
    return this.#nowMs
  }

  every(intervalMs: number, callback: () => void): () => void {
    const interval = { everyMs: intervalMs, nextMs: this.#nowMs + intervalMs, callback }
    this.#intervals.add(interval)
    return () => this.#intervals.delete(interval)
  }

  advance(ms: number): void {
    const endMs = this.#nowMs + ms
    for (;;) {
      const due = [...this.#intervals].filter((i) => i.nextMs <= endMs).sort((a, b) => a.nextMs - b.nextMs)[0]
      if (due === undefined) break
      this.#nowMs = due.nextMs
      due.nextMs += due.everyMs
      due.callback()
    }
    this.#nowMs = endMs
  }
}

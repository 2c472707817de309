const SECOND_MS = 1_000

/**
 * Token bucket of one peer that holds a second's worth, kept as the time at which it is full again: requests may come
 * at once up to the rate, and then as the bucket fills.
 */
export class RequestRate {
  readonly #stepMs: number
  readonly #burstMs: number
  #fullAgainMs = 0

  constructor(perSecond: number) {
    this.#stepMs = SECOND_MS / perSecond
    this.#burstMs = SECOND_MS - this.#stepMs
  }

  /** Whether one more may leave now; it counts when it may. */
  take(nowMs: number): boolean {
    // A clock that is set back must not stop a peer for as long.
    this.#fullAgainMs = Math.min(Math.max(this.#fullAgainMs, nowMs), nowMs + SECOND_MS)
    if (this.#fullAgainMs - nowMs > this.#burstMs) return false
    this.#fullAgainMs += this.#stepMs
    return true
  }
}

const FRESH_MS = 1_000

/** How long a message takes from its arrival until its conversion is read: what the gateway itself takes. */
export class PipelineLag {
  readonly #now: () => number
  #lagMs = 0
  #seenAtMs = 0

  constructor(now: () => number) {
    this.#now = now
  }

  /** A conversion has been read: two hops of the bus and two stages, and nothing of the network's time. */
  seen(receivedAtMs: number): void {
    this.#seenAtMs = this.#now()
    this.#lagMs = Math.max(0, this.#seenAtMs - receivedAtMs)
  }

  /** While it is fresh: told to ingresses with each final, so that they stop taking what would be late. */
  fresh(): { readonly lagMs?: number } {
    return this.#now() - this.#seenAtMs < FRESH_MS ? { lagMs: this.#lagMs } : {}
  }
}

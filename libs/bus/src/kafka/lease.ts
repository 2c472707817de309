export interface LeaseOptions {
  /** After so long without a heartbeat the coordinator gives our partitions away. */
  readonly sessionTimeoutMs: number
  /** After so long without any sign from the library, not even a fault, its connection hangs (F16). */
  readonly silenceLimitMs: number
  /** A gap between two checks above which this process itself was frozen. */
  readonly frozenAboveMs: number
}

export const LEASE_DEFAULTS = { silenceLimitMs: 45_000, frozenAboveMs: 5_000 } as const

/**
 * How long the coordinator counts us as a member: a session from the moment the last accepted heartbeat left. Counting
 * from its answer would let a process that was frozen in between believe in a session that is over.
 */
export class Lease {
  readonly #options: LeaseOptions
  readonly #now: () => number
  #askedAtMs = Number.NEGATIVE_INFINITY
  #heldFromMs = Number.NEGATIVE_INFINITY
  #signAtMs: number
  #checkedAtMs: number

  constructor(options: LeaseOptions, now: () => number) {
    this.#options = options
    this.#now = now
    this.#signAtMs = now()
    this.#checkedAtMs = now()
  }

  get held(): boolean {
    return this.#now() - this.#heldFromMs < this.#options.sessionTimeoutMs
  }

  /** A heartbeat or join left at this time. */
  asked(atMs: number): void {
    this.#askedAtMs = atMs
  }

  /** The coordinator has accepted what was asked last. */
  granted(): void {
    this.#heldFromMs = this.#askedAtMs
    this.sign()
  }

  /** The library lives: it fetched, or complained. */
  sign(): void {
    this.#signAtMs = this.#now()
  }

  /** To be called about every second. True: nothing has been heard for too long; only a new process helps. */
  silent(): boolean {
    const now = this.#now()
    const frozen = now - this.#checkedAtMs > this.#options.frozenAboveMs
    this.#checkedAtMs = now
    // What came in meanwhile has not been read yet.
    if (frozen) this.#signAtMs = now
    return now - this.#signAtMs > this.#options.silenceLimitMs
  }
}

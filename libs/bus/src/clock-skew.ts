/**
 * What records prove of the clocks: one that is younger than now was stamped by a clock ahead of ours. The other way
 * round lag and skew cannot be told apart here, but then it is our stamp that is ahead for whoever reads us.
 */
export class ClockSkew {
  readonly #windowMs: number
  readonly #now: () => number
  /** Largest of the window that runs, and of the one before it: what was seen stays known for one to two windows. */
  #current = 0
  #previous = 0
  #sinceMs: number

  constructor(windowMs: number, now: () => number) {
    this.#windowMs = windowMs
    this.#now = now
    this.#sinceMs = now()
  }

  /** A record of this age was handed over; negative: it comes from the future. */
  saw(ageMs: number): void {
    if (ageMs >= 0) return
    this.#turn()
    this.#current = Math.max(this.#current, -ageMs)
  }

  /** By how much another clock is ahead of ours, at least. */
  get aheadMs(): number {
    this.#turn()
    return Math.max(this.#current, this.#previous)
  }

  #turn(): void {
    const elapsedMs = this.#now() - this.#sinceMs
    if (elapsedMs < this.#windowMs) return
    this.#previous = elapsedMs < 2 * this.#windowMs ? this.#current : 0
    this.#current = 0
    this.#sinceMs = this.#now()
  }
}

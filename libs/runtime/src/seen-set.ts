/**
 * Messages taken in the last `windowMs`. The same message at two offsets (a copy through another ingress, a producer's
 * retry) is caught here. Two generations: memory follows the rate, forgetting costs nothing.
 */
export class SeenSet {
  readonly #windowMs: number
  readonly #now: () => number
  #current = new Set<string>()
  #previous = new Set<string>()
  #turnedAtMs: number

  constructor(windowMs: number, now: () => number) {
    this.#windowMs = windowMs
    this.#now = now
    this.#turnedAtMs = now()
  }

  get size(): number {
    return this.#current.size + this.#previous.size
  }

  has(id: string): boolean {
    return this.#current.has(id) || this.#previous.has(id)
  }

  /** True the first time within the window. */
  add(id: string): boolean {
    const now = this.#now()
    if (now - this.#turnedAtMs >= this.#windowMs) {
      this.#previous = now - this.#turnedAtMs >= 2 * this.#windowMs ? new Set() : this.#current
      this.#current = new Set()
      this.#turnedAtMs = now
    }
    if (this.#current.has(id)) return false
    const known = this.#previous.has(id)
    this.#current.add(id)
    return !known
  }
}

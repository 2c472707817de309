/** Random numbers that come again with the same seed, so that a bad day can be had twice (xorshift32). */
export class Random {
  #state: number

  constructor(seed: number) {
    // Zero is the one state it never leaves.
    this.#state = seed >>> 0 || 1
  }

  /** 0 ≤ x < 1. */
  next(): number {
    let x = this.#state
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    this.#state = x >>> 0
    return this.#state / 2 ** 32
  }

  between(low: number, high: number): number {
    return low + this.next() * (high - low)
  }

  pick<T>(choices: readonly T[]): T {
    const chosen = choices[Math.floor(this.next() * choices.length)]
    if (chosen === undefined) throw new RangeError('nothing to pick from')
    return chosen
  }

  /** The same in another order (Fisher and Yates). */
  shuffled<T>(items: readonly T[]): T[] {
    const rest = [...items]
    return items.map(() => rest.splice(Math.floor(this.next() * rest.length), 1)[0] as T)
  }
}

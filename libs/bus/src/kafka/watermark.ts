/**
 * The commit position of one partition while its records are handled at the same time: the lowest offset that is
 * not done. Offsets are taken in rising order, gaps (compaction, markers) are fine.
 */
export class Watermark {
  /** Offsets under way, in order; done ones stay until all before them are done. */
  readonly #taken: number[] = []
  readonly #done = new Set<number>()
  #head = 0
  #next: number

  /** `next`: the first offset that has not been done by anybody. */
  constructor(next: number) {
    this.#next = next
  }

  /** What may be committed: everything before it is done. */
  get position(): number {
    return this.#next
  }

  /** The highest offset taken so far, or the one before the start. */
  get highest(): number {
    return this.#taken.at(-1) ?? this.#next - 1
  }

  get underWay(): number {
    return this.#taken.length - this.#head - this.#done.size
  }

  take(offset: number): void {
    this.#taken.push(offset)
  }

  done(offset: number): void {
    this.#done.add(offset)
    while (this.#head < this.#taken.length) {
      const first = this.#taken[this.#head] as number
      if (!this.#done.delete(first)) break
      this.#next = first + 1
      this.#head++
    }
    if (this.#head > 1_024 || this.#head === this.#taken.length) {
      this.#taken.splice(0, this.#head)
      this.#head = 0
    }
  }
}

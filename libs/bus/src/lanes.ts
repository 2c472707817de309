/** Runs work of one key in order and work of different keys at the same time. */
export class Lanes {
  readonly #queues = new Map<string, (() => Promise<void> | void)[]>()
  readonly #onIdle: () => void
  #count = 0

  /** `onIdle` is called whenever the last work is done. Work must not throw: it catches its own faults. */
  constructor(onIdle: () => void = () => {}) {
    this.#onIdle = onIdle
  }

  /** Work taken and not done. */
  get count(): number {
    return this.#count
  }

  run(key: string, work: () => Promise<void> | void): void {
    this.#count++
    const queue = this.#queues.get(key)
    if (queue !== undefined) {
      queue.push(work)
      return
    }
    const begun = work()
    if (begun === undefined) {
      this.#done()
      return
    }
    this.#queues.set(key, [])
    begun.then(
      () => this.#next(key),
      () => this.#next(key),
    )
  }

  #next(key: string): void {
    this.#done()
    const queue = this.#queues.get(key)
    for (let work = queue?.shift(); work !== undefined; work = queue?.shift()) {
      const begun = work()
      if (begun !== undefined) {
        begun.then(
          () => this.#next(key),
          () => this.#next(key),
        )
        return
      }
      this.#done()
    }
    this.#queues.delete(key)
  }

  #done(): void {
    this.#count--
    if (this.#count === 0) this.#onIdle()
  }
}

type Work = () => Promise<unknown> | undefined

/** Work of one key that waits, oldest at `head`. */
interface Queue {
  works: Work[] | undefined
  head: number
}

/** Above it the done part of a queue is cut off: an array that is shifted costs its length each time. */
const COMPACT_AT = 256

/** Runs work of one key in order and work of different keys at the same time. */
export class Lanes {
  readonly #queues = new Map<string, Queue>()
  readonly #onDone: (left: number) => void
  #count = 0

  /** `onDone` is called after each work with the count of what is not done. Work must not throw: it catches its own faults. */
  constructor(onDone: (left: number) => void = () => {}) {
    this.#onDone = onDone
  }

  /** Work taken and not done. */
  get count(): number {
    return this.#count
  }

  run(key: string, work: Work): void {
    this.#count++
    const queue = this.#queues.get(key)
    if (queue !== undefined) {
      queue.works ??= []
      queue.works.push(work)
      return
    }
    const begun = work()
    if (begun === undefined) {
      this.#done()
      return
    }
    const opened: Queue = { works: undefined, head: 0 }
    this.#queues.set(key, opened)
    this.#after(begun, key, opened)
  }

  #after(begun: Promise<unknown>, key: string, queue: Queue): void {
    const next = () => this.#next(key, queue)
    begun.then(next, next)
  }

  #next(key: string, queue: Queue): void {
    this.#done()
    for (let work = take(queue); work !== undefined; work = take(queue)) {
      const begun = work()
      if (begun !== undefined) {
        this.#after(begun, key, queue)
        return
      }
      this.#done()
    }
    this.#queues.delete(key)
  }

  #done(): void {
    this.#count--
    this.#onDone(this.#count)
  }
}

function take(queue: Queue): Work | undefined {
  const { works } = queue
  const work = works?.[queue.head]
  if (works === undefined || work === undefined) return undefined
  queue.head++
  if (queue.head >= COMPACT_AT) {
    works.splice(0, queue.head)
    queue.head = 0
  }
  return work
}

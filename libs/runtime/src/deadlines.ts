/**
 * Many deadlines, one timer: a hashed wheel of slots, each a set of keys. Adding and removing cost a map
 * operation, memory is one entry per key, and precision is one tick. Keys are unique; setting one again moves it.
 */
export class Deadlines<K> {
  readonly #tickMs: number
  readonly #now: () => number
  readonly #expire: (key: K) => void
  readonly #slots = new Map<number, Set<K>>()
  readonly #slotOf = new Map<K, number>()
  #timer: NodeJS.Timeout | undefined
  #done: number

  constructor(options: { tickMs?: number; now?: () => number }, expire: (key: K) => void) {
    this.#tickMs = options.tickMs ?? 50
    this.#now = options.now ?? Date.now
    this.#expire = expire
    this.#done = this.#slot(this.#now()) - 1
  }

  get size(): number {
    return this.#slotOf.size
  }

  /** Expires `key` at `atMs` (absolute, same clock as `now`) or up to one tick later; in the past: next tick. */
  set(key: K, atMs: number): void {
    const slot = Math.max(this.#slot(atMs) + 1, this.#done + 1)
    if (this.#slotOf.get(key) === slot) return
    this.delete(key)
    let keys = this.#slots.get(slot)
    if (keys === undefined) {
      keys = new Set()
      this.#slots.set(slot, keys)
    }
    keys.add(key)
    this.#slotOf.set(key, slot)
    this.#timer ??= setInterval(() => this.advance(), this.#tickMs)
  }

  delete(key: K): void {
    const slot = this.#slotOf.get(key)
    if (slot === undefined) return
    this.#slotOf.delete(key)
    const keys = this.#slots.get(slot)
    keys?.delete(key)
    if (keys?.size === 0) this.#slots.delete(slot)
  }

  /** Expires what is due. Called by the timer; tests with a fake clock call it themselves. */
  advance(): void {
    const current = this.#slot(this.#now())
    if (current - this.#done > this.#slots.size) {
      // After a long pause (or a frozen process) walk the slots that exist, not every tick missed.
      for (const slot of [...this.#slots.keys()].filter((s) => s <= current).sort((a, b) => a - b))
        this.#fire(slot)
    } else for (let slot = this.#done + 1; slot <= current; slot++) this.#fire(slot)
    this.#done = Math.max(this.#done, current)
    if (this.#slotOf.size === 0) this.close()
  }

  close(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  #fire(slot: number): void {
    const keys = this.#slots.get(slot)
    if (keys === undefined) return
    this.#slots.delete(slot)
    for (const key of keys) {
      this.#slotOf.delete(key)
      this.#expire(key)
    }
  }

  #slot(atMs: number): number {
    return Math.floor(atMs / this.#tickMs)
  }
}

import type { SipClock } from './types.ts'

/** Something with one timer at a time. The links are the wheel's. */
export abstract class Timed {
  dueMs = 0
  previous: Timed | undefined
  next: Timed | undefined

  /** The time set with `TimerWheel.set` has come. May set it again. */
  abstract onTimer(nowMs: number): void
}

class Slot extends Timed {
  onTimer(): void {}
}

const TICK_MS = 20
const SLOTS = 2048

/**
 * One interval timer for tens of thousands of deadlines: a hashed wheel of linked lists. Setting and clearing
 * cost a few pointers and no allocation. Precision: at the deadline or up to two ticks after it, never before.
 */
export class TimerWheel {
  readonly #clock: SipClock
  readonly #slots: Slot[] = []
  #stop: (() => void) | undefined
  #tick: number
  #size = 0
  #closed = false

  constructor(clock: SipClock) {
    this.#clock = clock
    this.#tick = Math.floor(clock.now() / TICK_MS)
    for (let i = 0; i < SLOTS; i++) {
      const slot = new Slot()
      slot.previous = slot
      slot.next = slot
      this.#slots.push(slot)
    }
  }

  /** How many deadlines are set. */
  get size(): number {
    return this.#size
  }

  set(entry: Timed, dueMs: number): void {
    this.clear(entry)
    if (this.#closed) return
    if (this.#stop === undefined) {
      this.#tick = Math.floor(this.#clock.now() / TICK_MS)
      this.#stop = this.#clock.every(TICK_MS, () => this.#advance())
    }
    entry.dueMs = dueMs
    this.#link(entry, Math.max(Math.ceil(dueMs / TICK_MS), this.#tick + 1))
    this.#size++
  }

  clear(entry: Timed): void {
    const { previous, next } = entry
    if (previous === undefined || next === undefined) return
    previous.next = next
    next.previous = previous
    entry.previous = undefined
    entry.next = undefined
    this.#size--
  }

  /** Nothing fires any more. */
  close(): void {
    this.#closed = true
    this.#pause()
  }

  #pause(): void {
    this.#stop?.()
    this.#stop = undefined
  }

  /** Fires what is due. After a pause longer than the wheel each slot is visited once. */
  #advance(): void {
    const now = this.#clock.now()
    const current = Math.floor(now / TICK_MS)
    if (current - this.#tick > SLOTS) this.#tick = current - SLOTS
    while (this.#tick < current) {
      this.#tick++
      this.#fire(this.#slotAt(this.#tick), now)
    }
    if (this.#size === 0) this.#pause()
  }

  #fire(slot: Slot, now: number): void {
    if (slot.next === slot) return
    const due = new Slot()
    due.next = slot.next
    due.previous = slot.previous
    if (due.next !== undefined) due.next.previous = due
    if (due.previous !== undefined) due.previous.next = due
    slot.next = slot
    slot.previous = slot
    for (let entry = due.next; entry !== undefined && entry !== due; entry = due.next) {
      this.clear(entry)
      if (entry.dueMs <= now) entry.onTimer(now)
      else this.set(entry, entry.dueMs)
    }
  }

  #link(entry: Timed, tick: number): void {
    const slot = this.#slotAt(tick)
    entry.next = slot
    entry.previous = slot.previous
    if (slot.previous !== undefined) slot.previous.next = entry
    slot.previous = entry
  }

  #slotAt(tick: number): Slot {
    return this.#slots[tick % SLOTS] as Slot
  }
}

import { randomUUID } from 'node:crypto'
import type { BusRecord } from './bus.ts'

/** A line of the journal that is kept until its record is done. */
export interface Debt {
  readonly id: string
  readonly line: string
}

/** What was published and is not done: from the journal of the process before, and of this one. */
export class Debts {
  readonly #open = new Map<string, Debt>()
  readonly #ofRecord = new WeakMap<BusRecord<unknown>, string>()
  readonly #newId: () => string

  constructor(newId: () => string = randomUUID) {
    this.#newId = newId
  }

  /** Takes on a record that is being published; `lineOf` makes its line. */
  incur(record: BusRecord<unknown>, lineOf: (id: string) => string): string {
    const id = this.#newId()
    const line = lineOf(id)
    this.inherit(record, { id, line })
    return line
  }

  /** Takes on a record of the process before. */
  inherit(record: BusRecord<unknown>, debt: Debt): void {
    this.#open.set(debt.id, debt)
    this.#ofRecord.set(record, debt.id)
  }

  /** The record is done: its identifier, unless it was none of these. */
  settle(record: BusRecord<unknown>): string | undefined {
    const id = this.#ofRecord.get(record)
    return id !== undefined && this.#open.delete(id) ? id : undefined
  }

  /** Lines of all that is not done. */
  lines(): string[] {
    return [...this.#open.values()].map(({ line }) => line)
  }
}

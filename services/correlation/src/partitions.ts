import type { Decided } from './decided.ts'
import type { MessageState } from './message-state.ts'

/** What is known of the messages of one partition. */
export interface Partition {
  readonly open: Map<string, MessageState>
  readonly decided: Map<string, Decided>
  /** False while old records are being read again: nothing is decided until all of them are known. */
  ready: boolean
  /** Time of the youngest own tick that came back: every report before it has been read. */
  tickReadMs: number
  tickSentMs: number
}

/** The partitions that this instance owns. */
export class Partitions {
  readonly #byNumber = new Map<number, Partition>()

  /** Messages without a decision. */
  get openCount(): number {
    let count = 0
    for (const { open } of this.#byNumber.values()) count += open.size
    return count
  }

  /** Arrival of the oldest message without a decision. Maps keep arrival order. */
  oldestOpenMs(): number | undefined {
    let oldest: number | undefined
    for (const { open } of this.#byNumber.values())
      for (const state of open.values()) {
        if (state.received === undefined) continue
        const at = state.envelope.receivedAtMs
        if (oldest === undefined || at < oldest) oldest = at
        break
      }
    return oldest
  }

  add(number: number, ready: boolean): Partition {
    const partition = { open: new Map(), decided: new Map(), ready, tickReadMs: 0, tickSentMs: 0 }
    this.#byNumber.set(number, partition)
    return partition
  }

  get(number: number): Partition | undefined {
    return this.#byNumber.get(number)
  }

  /** One that nobody assigned (a bus without partitions) has no past to be read. */
  of(number: number): Partition {
    return this.#byNumber.get(number) ?? this.add(number, true)
  }

  /** What it held is no longer ours. */
  remove(number: number): Partition | undefined {
    const partition = this.#byNumber.get(number)
    this.#byNumber.delete(number)
    return partition
  }
}

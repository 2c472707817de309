import type { TimelineEntry } from '@ipsmgw/events'
import type { EndedMessage } from './charging-record.ts'

/** A message as the records know it: its completion, with what came later worked in. */
export interface MessageRecord {
  readonly completion: EndedMessage
  readonly timeline: readonly TimelineEntry[]
}

/** The last messages, by messageId and by Call-ID. Bounded: the oldest go first. */
export class RecordStore {
  readonly #capacity: number
  readonly #records = new Map<string, MessageRecord>()
  readonly #byCallId = new Map<string, string[]>()

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  get size(): number {
    return this.#records.size
  }

  add(record: EndedMessage): void {
    const known = this.#records.get(record.messageId)
    if (record.kind === 'amendment') {
      if (known !== undefined) this.#amend(known, record)
      return
    }
    // The first decision stands; a second completion is a repetition of the log. A refusal is of one copy: another may
    // have been taken.
    if (known !== undefined && (known.completion.kind !== 'refusal' || record.kind === 'refusal')) return
    this.#records.set(record.messageId, { completion: record, timeline: record.timeline })
    if (record.callId !== undefined && known === undefined) {
      const ids = this.#byCallId.get(record.callId)
      if (ids === undefined) this.#byCallId.set(record.callId, [record.messageId])
      else ids.push(record.messageId)
    }
    if (this.#records.size > this.#capacity) this.#dropOldest()
  }

  byId(messageId: string): MessageRecord | undefined {
    return this.#records.get(messageId)
  }

  byCallId(callId: string): MessageRecord[] {
    const ids = this.#byCallId.get(callId) ?? []
    return ids.map((id) => this.#records.get(id)).filter((record) => record !== undefined)
  }

  #amend(known: MessageRecord, amendment: EndedMessage): void {
    this.#records.set(amendment.messageId, {
      completion: {
        ...known.completion,
        outcome: amendment.outcome,
        cause: amendment.cause,
        partsDelivered: amendment.partsDelivered,
        parts: amendment.parts,
      },
      timeline: [...known.timeline, ...amendment.timeline],
    })
  }

  #dropOldest(): void {
    const [oldest] = this.#records.entries()
    if (oldest === undefined) return
    const [messageId, { completion }] = oldest
    this.#records.delete(messageId)
    if (completion.callId === undefined) return
    const rest = (this.#byCallId.get(completion.callId) ?? []).filter((id) => id !== messageId)
    if (rest.length === 0) this.#byCallId.delete(completion.callId)
    else this.#byCallId.set(completion.callId, rest)
  }
}

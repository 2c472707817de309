import type { EndedMessage } from './charging-record.ts'

/**
 * The last messages, by messageId and by Call-ID. Bounded: the oldest go first. A record is kept as JSON: the
 * collector walks past one string, where a hundred thousand timelines as objects would cost every message its share
 * of long collections.
 */
export class RecordStore {
  readonly #capacity: number
  readonly #records = new Map<string, string>()
  readonly #byCallId = new Map<string, string[]>()

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  get size(): number {
    return this.#records.size
  }

  add(record: EndedMessage): void {
    const known = this.byId(record.messageId)
    if (record.kind === 'amendment') {
      if (known !== undefined) this.#keep(amended(known, record))
      return
    }
    // The first decision stands; a second completion is a repetition of the log. A refusal is of one copy: another may
    // have been taken.
    if (known !== undefined && (known.kind !== 'refusal' || record.kind === 'refusal')) return
    this.#keep(record)
    if (record.callId !== undefined && known === undefined) {
      const ids = this.#byCallId.get(record.callId)
      if (ids === undefined) this.#byCallId.set(record.callId, [record.messageId])
      else ids.push(record.messageId)
    }
    if (this.#records.size > this.#capacity) this.#dropOldest()
  }

  /** The completion with what came later worked in. */
  byId(messageId: string): EndedMessage | undefined {
    const json = this.#records.get(messageId)
    return json === undefined ? undefined : (JSON.parse(json) as EndedMessage)
  }

  byCallId(callId: string): EndedMessage[] {
    const ids = this.#byCallId.get(callId) ?? []
    return ids.map((id) => this.byId(id)).filter((record) => record !== undefined)
  }

  #keep(record: EndedMessage): void {
    this.#records.set(record.messageId, JSON.stringify(record))
  }

  #dropOldest(): void {
    const [messageId] = this.#records.keys()
    if (messageId === undefined) return
    const callId = this.byId(messageId)?.callId
    this.#records.delete(messageId)
    if (callId === undefined) return
    const rest = (this.#byCallId.get(callId) ?? []).filter((id) => id !== messageId)
    if (rest.length === 0) this.#byCallId.delete(callId)
    else this.#byCallId.set(callId, rest)
  }
}

function amended(known: EndedMessage, amendment: EndedMessage): EndedMessage {
  const { outcome, cause, partsDelivered, parts } = amendment
  return {
    ...known,
    outcome,
    cause,
    partsDelivered,
    parts,
    timeline: [...known.timeline, ...amendment.timeline],
  }
}

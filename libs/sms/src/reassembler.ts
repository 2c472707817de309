import type { Address, Concatenation, Content, SmsDeliver } from './messages.ts'
import { formatServiceCentreTime } from './scts.ts'
import { interpretHeader } from './user-data-header.ts'

export interface ReassemblerOptions {
  /** How long the parts of a message are kept after the first, complete or not. */
  readonly timeLimitMs: number
  /** Messages kept at once; above it the oldest is given up. */
  readonly maxMessages: number
}

/** What one SMS-DELIVER did. */
export type Reassembly =
  /** A message of one part, or the last missing part of a longer one. `parts` in order. */
  | { readonly kind: 'complete'; readonly content: MessageContent; readonly parts: readonly SmsDeliver[] }
  | { readonly kind: 'incomplete'; readonly received: number; readonly total: number }
  /** A part that is already there: dropped, as a phone does. */
  | { readonly kind: 'duplicate' }

/** Text of all parts, or octets when any part holds data. */
export type MessageContent =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'data'; readonly octets: Buffer }

interface Pending {
  readonly parts: (SmsDeliver | undefined)[]
  readonly since: number
  received: number
}

/**
 * A phone's memory of concatenated messages: keyed by originator, reference and total, in any order. When full it
 * forgets the oldest message; what is older than the time limit is forgotten at the next part.
 */
export class Reassembler {
  readonly #options: ReassemblerOptions
  readonly #now: () => number
  readonly #pending = new Map<string, Pending>()

  /** `now` gives milliseconds of any steady clock. */
  constructor(options: ReassemblerOptions, dependencies: { readonly now: () => number }) {
    this.#options = options
    this.#now = dependencies.now
  }

  /** Messages kept now, complete ones included until their time is over. */
  get size(): number {
    return this.#pending.size
  }

  /** Takes one SMS-DELIVER. */
  add(deliver: SmsDeliver): Reassembly {
    const { concatenation } = interpretHeader(deliver.userData.header)
    if (concatenation === undefined || concatenation.total === 1) return complete([deliver])
    this.#forgetExpired()
    const key = keyOf(deliver.originator, concatenation)
    const pending = this.#pendingFor(key, deliver, concatenation)
    const index = concatenation.sequence - 1
    if (pending.parts[index] !== undefined) return { kind: 'duplicate' }
    pending.parts[index] = deliver
    pending.received++
    if (pending.received < concatenation.total)
      return { kind: 'incomplete', received: pending.received, total: concatenation.total }
    return complete(pending.parts.filter((part) => part !== undefined))
  }

  /** The entry of a message; a part that contradicts the kept one means that the reference is in use again. */
  #pendingFor(key: string, deliver: SmsDeliver, { total, sequence }: Concatenation): Pending {
    const known = this.#pending.get(key)
    const kept = known?.parts[sequence - 1]
    if (known !== undefined && (kept === undefined || isSamePart(kept, deliver))) return known
    this.#pending.delete(key)
    while (this.#pending.size >= this.#options.maxMessages) this.#forgetOldest()
    const parts = new Array<SmsDeliver | undefined>(total).fill(undefined)
    const created: Pending = { parts, since: this.#now(), received: 0 }
    this.#pending.set(key, created)
    return created
  }

  /** Insertion order is the order of age. */
  #forgetExpired(): void {
    const limit = this.#now() - this.#options.timeLimitMs
    for (const [key, { since }] of this.#pending) {
      if (since > limit) return
      this.#pending.delete(key)
    }
  }

  #forgetOldest(): void {
    const oldest = this.#pending.keys().next()
    if (!oldest.done) this.#pending.delete(oldest.value)
  }
}

function complete(parts: readonly SmsDeliver[]): Reassembly {
  return { kind: 'complete', content: join(parts.map((part) => part.userData.content)), parts }
}

function join(contents: readonly Content[]): MessageContent {
  if (contents.some((content) => content.alphabet === 'data'))
    return { kind: 'data', octets: Buffer.concat(contents.map(octetsOf)) }
  return { kind: 'text', text: contents.map((content) => ('text' in content ? content.text : '')).join('') }
}

function octetsOf(content: Content): Uint8Array {
  return content.alphabet === 'data' ? content.octets : Buffer.from(content.text)
}

function keyOf(originator: Address, { bits, reference, total }: Concatenation): string {
  const who =
    originator.kind === 'numeric'
      ? `${originator.ton}/${originator.npi}/${originator.digits}`
      : `a/${originator.text}`
  return `${bits}/${reference}/${total}/${who}`
}

function isSamePart(a: SmsDeliver, b: SmsDeliver): boolean {
  return (
    formatServiceCentreTime(a.serviceCentreTime) === formatServiceCentreTime(b.serviceCentreTime) &&
    Buffer.compare(octetsOf(a.userData.content), octetsOf(b.userData.content)) === 0
  )
}

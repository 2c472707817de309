import { ReturnCause, type Segmentation, type UnitData } from './messages.ts'

/** Segments of one message (Q.713 §3.17: the count of those that remain has four bits). */
const MOST_SEGMENTS = 16

/**
 * Cuts data into segments of equal length, the last one shorter (Q.714 §4.1.1.1.2: the first tells the receiver how
 * much there will be). Undefined when more than 16 would be needed.
 */
export function segment(data: Uint8Array, longestSegment: number): readonly Uint8Array[] | undefined {
  const count = Math.ceil(data.length / longestSegment)
  if (longestSegment < 1 || count > MOST_SEGMENTS) return undefined
  const length = Math.ceil(data.length / count)
  return Array.from({ length: count }, (_, i) => data.subarray(i * length, (i + 1) * length))
}

export interface ReassemblyOptions {
  /** Messages that may be incomplete at one time, and the octets they may hold together. */
  readonly mostMessages: number
  readonly mostOctets: number
  /** T(reass). */
  readonly timeoutMs: number
}

export type ReassemblyStep =
  | { readonly kind: 'waiting' }
  | { readonly kind: 'complete'; readonly data: Uint8Array }
  /** Given up; `segment` is what a service message may return. */
  | { readonly kind: 'failed'; readonly returnCause: ReturnCause; readonly segment: Segment }

/** A segment and the point code it came from. */
export interface Segment {
  readonly message: UnitData & { readonly segmentation: Segmentation }
  readonly opc: number
}

interface Incomplete {
  readonly first: Segment
  readonly segments: Uint8Array[]
  octets: number
  remaining: number
  readonly expiresAtMs: number
}

const WAITING: ReassemblyStep = { kind: 'waiting' }

/**
 * Puts segments together (Q.714 §4.1.1.2.3). Pure: the time is handed in. Segments of one message come in order in
 * class 1, so a gap, a repetition or a count that does not fit ends the message.
 */
export class Reassembly {
  readonly #options: ReassemblyOptions
  readonly #incomplete = new Map<string, Incomplete>()
  #octets = 0

  constructor(options: ReassemblyOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#incomplete.size
  }

  /** Calling address and local reference name the message. */
  add(segment: Segment, nowMs: number): ReassemblyStep {
    const { calling, segmentation } = segment.message
    const key = `${segmentation.localReference}/${calling.key()}`
    const known = this.#incomplete.get(key)
    if (!segmentation.first)
      return known === undefined
        ? failed(ReturnCause.segmentationFailure, segment)
        : this.#continue(key, known, segment)
    if (known !== undefined) this.#remove(key, known)
    return this.#begin(key, segment, nowMs)
  }

  #begin(key: string, segment: Segment, nowMs: number): ReassemblyStep {
    const { message, opc } = segment
    const { remaining } = message.segmentation
    if (remaining === 0) return { kind: 'complete', data: message.data }
    const { mostMessages, mostOctets, timeoutMs } = this.#options
    const announced = message.data.length * (remaining + 1)
    if (this.#incomplete.size >= mostMessages || this.#octets + announced > mostOctets)
      return failed(ReturnCause.noReassemblyAtDestination, segment)
    const data = copyOf(message.data)
    const first = { message: { ...message, data }, opc }
    const expiresAtMs = nowMs + timeoutMs
    this.#incomplete.set(key, { first, segments: [data], octets: data.length, remaining, expiresAtMs })
    this.#octets += data.length
    return WAITING
  }

  #continue(key: string, known: Incomplete, { message }: Segment): ReassemblyStep {
    const { data, segmentation } = message
    if (segmentation.remaining !== known.remaining - 1 || data.length > known.first.message.data.length) {
      this.#remove(key, known)
      return failed(ReturnCause.segmentationFailure, known.first)
    }
    known.segments.push(copyOf(data))
    known.octets += data.length
    known.remaining = segmentation.remaining
    this.#octets += data.length
    if (segmentation.remaining > 0) return WAITING
    this.#remove(key, known)
    return { kind: 'complete', data: Buffer.concat(known.segments) }
  }

  /** Forgets what is overdue; gives the first segments. */
  expire(nowMs: number): Segment[] {
    const overdue: Segment[] = []
    for (const [key, it] of this.#incomplete) {
      if (it.expiresAtMs > nowMs) break // all live equally long, so the map is in order of expiry
      this.#remove(key, it)
      overdue.push(it.first)
    }
    return overdue
  }

  #remove(key: string, known: Incomplete): void {
    this.#incomplete.delete(key)
    this.#octets -= known.octets
  }
}

const failed = (returnCause: ReturnCause, segment: Segment): ReassemblyStep => ({
  kind: 'failed',
  returnCause,
  segment,
})

/** Apart from the buffer the segment was received in, which is larger. */
const copyOf = (data: Uint8Array): Uint8Array => Uint8Array.prototype.slice.call(data)

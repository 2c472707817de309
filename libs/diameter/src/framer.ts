import { DecodeError } from '@ipsmgw/bytes'
import { checkedLength, HEADER_OCTETS, LONGEST_MESSAGE_OCTETS } from './codec.ts'

/** What comes out of a byte stream. */
export interface FramerSink {
  /** The octets of one whole message. */
  message(octets: Buffer): void
  /** Message boundaries are lost (version or length); nothing more is read. `header` has what can be answered. */
  lost(error: DecodeError, header: Buffer): void
}

/** Finds the messages in a byte stream (RFC 6733 §2.1): a read may hold part of one or many. */
export class DiameterFramer {
  readonly #sink: FramerSink
  readonly #maximumOctets: number
  /** The start of a message whose rest has not come. */
  #chunks: Buffer[] = []
  #length = 0
  /** Octets until something can be decided: a header first, then the message. */
  #needed = HEADER_OCTETS
  #closed = false

  constructor(sink: FramerSink, maximumOctets: number = LONGEST_MESSAGE_OCTETS) {
    this.#sink = sink
    this.#maximumOctets = maximumOctets
  }

  /** Whether a message has begun and not ended. */
  get incomplete(): boolean {
    return this.#length > 0
  }

  push(chunk: Buffer): void {
    if (this.#closed) return
    this.#chunks.push(chunk)
    this.#length += chunk.length
    if (this.#length >= this.#needed) this.#drain()
  }

  /** Nothing more comes out, not even of what was pushed already. */
  close(): void {
    this.#closed = true
    this.#chunks = []
    this.#length = 0
  }

  #drain(): void {
    const octets = this.#chunks.length === 1 ? (this.#chunks[0] as Buffer) : Buffer.concat(this.#chunks)
    let at = 0
    while (!this.#closed) {
      this.#needed = HEADER_OCTETS
      if (octets.length - at < HEADER_OCTETS) break
      const length = this.#lengthAt(octets, at)
      if (length === undefined) return
      this.#needed = length
      if (octets.length - at < length) break
      this.#sink.message(octets.subarray(at, at + length))
      at += length
    }
    if (this.#closed) return
    this.#length = octets.length - at
    this.#chunks = this.#length === 0 ? [] : [octets.subarray(at)]
  }

  #lengthAt(octets: Buffer, at: number): number | undefined {
    try {
      return checkedLength(octets, at, this.#maximumOctets)
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error
      this.close()
      this.#sink.lost(error, octets.subarray(at, at + HEADER_OCTETS))
      return undefined
    }
  }
}

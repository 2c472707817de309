import type { SipParseError } from './errors.ts'
import type { SipRequest, SipResponse } from './message.ts'
import { DEFAULT_LIMITS, type SipLimits } from './messages.ts'
import { type Head, parseHead, refusal } from './parser.ts'

/** What comes out of a stream. */
export interface FramerSink {
  message(message: SipRequest | SipResponse): void
  /** `fatal`: the frame is lost, the connection must be closed after the answer. */
  error(error: SipParseError, fatal: boolean): void
  /** A double CRLF between messages: to be answered with a single one (RFC 5626 §3.5.1). */
  keepAlive(): void
}

const END_OF_HEAD = Buffer.from('\r\n\r\n')
const EMPTY = Buffer.alloc(0)

/**
 * Cuts a byte stream into messages by Content-Length (RFC 3261 §18.3, §20.14). Holds at most one incomplete
 * message, bounded by the limits; searches no octet twice; after a fatal error it swallows everything.
 */
export class StreamFramer {
  readonly #limits: SipLimits
  readonly #sink: FramerSink
  /** Octets of an incomplete message: the first `#held` of this buffer. */
  #buffer = EMPTY
  #held = 0
  #searched = 0
  #head: Head | undefined
  #headEnd = 0
  #lineBreaks = 0
  #dead = false

  constructor(sink: FramerSink, limits: SipLimits = DEFAULT_LIMITS) {
    this.#sink = sink
    this.#limits = limits
  }

  /** Whether a message has begun and is not complete. */
  get incomplete(): boolean {
    return this.#held > 0 && !this.#dead
  }

  push(chunk: Buffer): void {
    if (this.#dead) return
    const data = this.#held === 0 ? chunk : this.#append(chunk)
    let pos = 0
    while (pos < data.length && !this.#dead) {
      const next = this.#message(data, pos)
      if (next < 0) break
      pos = next
    }
    this.#hold(data, pos)
  }

  /** Handles one message (or line break) at `at`; gives the position behind it, or -1 when octets are missing. */
  #message(data: Buffer, at: number): number {
    if (this.#head === undefined) {
      const behind = this.#lineBreak(data, at)
      if (behind !== at) return behind
      const found = data.indexOf(END_OF_HEAD, at + this.#searched)
      if (found < 0) return this.#wait(data, at)
      this.#headEnd = found + 4 - at
      this.#head = parseHead(data, at, found + 2, this.#limits)
      if (!this.#isFramed(this.#head, data, at)) return -1
    }
    const bodyStart = at + this.#headEnd
    const end = bodyStart + (this.#head.contentLength ?? 0)
    if (data.length < end) return -1
    this.#deliver(this.#head, data.subarray(bodyStart, end))
    return end
  }

  #lineBreak(data: Buffer, at: number): number {
    const octet = data[at]
    if (octet !== 0x0d && octet !== 0x0a) {
      this.#lineBreaks = 0
      return at
    }
    if (octet === 0x0a && ++this.#lineBreaks % 2 === 0) this.#sink.keepAlive()
    return at + 1
  }

  #wait(data: Buffer, at: number): number {
    const length = data.length - at
    this.#searched = Math.max(0, length - 3)
    if (length > this.#limits.headOctets) {
      const { error, message } = parseHead(data, at, data.length, this.#limits)
      this.#die(error ?? refusal('tooLarge', 'headers', 0, 'above the limit', message))
    }
    return -1
  }

  #isFramed(head: Head, data: Buffer, at: number): boolean {
    if (head.contentLength === undefined) {
      const missing = refusal('contentLength', 'Content-Length', 0, 'missing on a stream', head.message)
      this.#die(head.error ?? missing)
    } else if (head.error?.code === 'tooLarge') this.#die(head.error)
    else if (head.contentLength > this.#limits.bodyOctets) {
      this.#die(refusal('tooLarge', 'body', data.length - at, 'above the limit', head.message))
    }
    return !this.#dead
  }

  #deliver(head: Head, body: Buffer): void {
    this.#head = undefined
    this.#searched = 0
    if (head.error !== undefined) this.#sink.error(head.error, false)
    else if (head.message !== undefined) {
      head.message.body = body
      this.#sink.message(head.message)
    }
  }

  #die(error: SipParseError): void {
    this.#dead = true
    this.#sink.error(error, true)
  }

  #append(chunk: Buffer): Buffer {
    const needed = this.#held + chunk.length
    if (needed > this.#buffer.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#buffer.length, 2048))
      this.#buffer.copy(larger, 0, 0, this.#held)
      this.#buffer = larger
    }
    chunk.copy(this.#buffer, this.#held)
    return this.#buffer.subarray(0, needed)
  }

  /** Keeps `data[pos…]`. A body handed out is a view, so its buffer is never written again. */
  #hold(data: Buffer, pos: number): void {
    const left = this.#dead ? 0 : data.length - pos
    if (left === 0) {
      this.#buffer = EMPTY
    } else if (pos > 0 || this.#held === 0) {
      const fresh = Buffer.allocUnsafeSlow(Math.max(left, 2048))
      data.copy(fresh, 0, pos)
      this.#buffer = fresh
    }
    this.#held = left
  }
}

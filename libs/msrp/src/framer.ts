import { DecodeError } from '@ipsmgw/bytes'
import { decodeHeaders, decodeStartLine, endMarker, type StartLine } from './codec.ts'
import type { Continuation, MsrpLimits, MsrpMessage } from './messages.ts'

const PROTOCOL = 'MSRP'
const CRLF = Buffer.from('\r\n')
const FLAG_OCTETS = 1
const SMALLEST_BUFFER = 1_024

type Line = { readonly text: string; readonly next: number }

/**
 * Cuts a stream into messages (RFC 4975 §7.1). Work is linear in what arrives, whatever its pieces, and memory is
 * bounded: a body above the limit is thrown away while its end is looked for. Throws DecodeError for what is no MSRP;
 * nothing behind it can be found again, so the connection is over.
 */
export class MsrpFramer {
  readonly #limits: MsrpLimits
  readonly #deliver: (message: MsrpMessage) => void
  #buffer = Buffer.alloc(SMALLEST_BUFFER)
  #length = 0
  /** Up to here there is nothing to be found any more. */
  #searched = 0
  #start: StartLine | undefined
  #lines: string[] = []
  /** Where the body begins; undefined while the headers are read. */
  #body: number | undefined
  #discarded = 0

  constructor(limits: MsrpLimits, deliver: (message: MsrpMessage) => void) {
    this.#limits = limits
    this.#deliver = deliver
  }

  /** Octets that wait for the rest of their message. */
  get pendingOctets(): number {
    return this.#length
  }

  push(octets: Uint8Array): void {
    // In pieces, so that what is thrown away never piles up first.
    for (let at = 0; at < octets.length; at += this.#limits.messageOctets) {
      this.#append(octets.subarray(at, at + this.#limits.messageOctets))
      while (this.#step());
    }
  }

  #append(octets: Uint8Array): void {
    const needed = this.#length + octets.length
    if (needed > this.#buffer.length) {
      const larger = Buffer.alloc(Math.max(needed, 2 * this.#buffer.length))
      this.#buffer.copy(larger, 0, 0, this.#length)
      this.#buffer = larger
    }
    this.#buffer.set(octets, this.#length)
    this.#length = needed
  }

  /** True when something was done and there may be more to do. */
  #step(): boolean {
    return this.#body === undefined ? this.#readLine() : this.#readBody(this.#body)
  }

  #readLine(): boolean {
    const line = this.#line()
    if (line === undefined) {
      if (this.#length > this.#limits.headOctets) throw new DecodeError(PROTOCOL, 'head', 0, 'overlength')
      return false
    }
    if (line.next > this.#limits.headOctets) throw new DecodeError(PROTOCOL, 'head', 0, 'overlength')
    this.#searched = line.next
    if (this.#start === undefined) this.#start = decodeStartLine(line.text)
    else if (line.text === '') this.#body = line.next
    else if (!this.#isEnd(line.text, this.#start)) this.#lines.push(line.text)
    else this.#finish(this.#start, line.text.at(-1) as Continuation, undefined, line.next)
    return true
  }

  #line(): Line | undefined {
    const end = this.#buffer.subarray(0, this.#length).indexOf(CRLF, this.#searched)
    return end < 0
      ? undefined
      : { text: this.#buffer.toString('utf8', this.#searched, end), next: end + CRLF.length }
  }

  #isEnd(line: string, { transactionId }: StartLine): boolean {
    const marker = endMarker(transactionId)
    return line.length === marker.length + FLAG_OCTETS && line.startsWith(marker) && /[$+#]$/.test(line)
  }

  /** The body ends at an end line behind a line break, which is not part of it. */
  #readBody(body: number): boolean {
    const start = this.#start as StartLine
    const marker = Buffer.from(`\r\n${endMarker(start.transactionId)}`)
    const octets = this.#buffer.subarray(0, this.#length)
    const at = octets.indexOf(marker, Math.max(this.#searched - CRLF.length, body - CRLF.length))
    if (at < 0) {
      this.#searched = Math.max(body, this.#length - marker.length + 1)
      return this.#keepBounded(body)
    }
    const end = at + marker.length + FLAG_OCTETS
    if (end + CRLF.length > this.#length) return false
    const flag = octets.toString('latin1', end - FLAG_OCTETS, end)
    if (!/[$+#]/.test(flag) || octets.indexOf(CRLF, end) !== end) {
      // Looks like the end and is content.
      this.#searched = at + CRLF.length + 1
      return true
    }
    const content = Buffer.from(octets.subarray(body, Math.max(at, body)))
    this.#finish(start, flag as Continuation, content, end + CRLF.length)
    return true
  }

  /** False: there is nothing to do until more arrives. */
  #keepBounded(body: number): false {
    const surplus = this.#searched - body
    if (this.#discarded === 0 && surplus <= this.#limits.messageOctets) return false
    this.#discarded += surplus
    if (this.#discarded > this.#limits.discardedOctets)
      throw new DecodeError(PROTOCOL, 'body', 0, 'overlength', 'endless')
    this.#buffer.copyWithin(body, this.#searched, this.#length)
    this.#length -= surplus
    this.#searched = body
    return false
  }

  #finish(start: StartLine, continuation: Continuation, body: Buffer | undefined, end: number): void {
    const head = decodeHeaders(start.transactionId, this.#lines)
    const oversized = this.#discarded > 0 || (body?.length ?? 0) > this.#limits.messageOctets
    const message: MsrpMessage =
      start.kind === 'response'
        ? { ...start, ...head }
        : { ...start, ...head, body: oversized ? Buffer.alloc(0) : body, continuation, oversized }
    this.#buffer.copyWithin(0, end, this.#length)
    this.#length -= end
    this.#searched = 0
    this.#start = undefined
    this.#lines = []
    this.#body = undefined
    this.#discarded = 0
    if (this.#length === 0) this.#buffer = Buffer.alloc(SMALLEST_BUFFER)
    this.#deliver(message)
  }
}

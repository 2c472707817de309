import { TransportError } from '../errors.ts'
import type { Transport, TransportHandlers, TransportMessage } from '../transport.ts'

/** A transport whose peer is the test: it sees what was sent, and says what comes. */
export class FakeTransport implements Transport {
  readonly kind = 'sctp'
  readonly remote = '127.0.0.1:2905'
  readonly localAddresses = ['127.0.0.1']
  readonly outboundStreams: number = 17
  /** Given to the kernel. */
  readonly sent: TransportMessage[] = []
  /** The peer does not read: messages wait in the queue, of which so many fit. */
  holding = false
  queueLimit = Number.POSITIVE_INFINITY
  closed = false
  #held: TransportMessage[] = []
  #handlers: TransportHandlers | undefined

  start(handlers: TransportHandlers): void {
    this.#handlers = handlers
  }

  send(message: TransportMessage): boolean {
    if (this.closed || this.#held.length >= this.queueLimit) return false
    ;(this.holding ? this.#held : this.sent).push(message)
    return true
  }

  /** The kernel has taken everything. */
  drain(): void {
    this.#handlers?.onDrain?.()
  }

  receive(octets: Uint8Array): void {
    this.#handlers?.onData(Buffer.from(octets))
  }

  /** The association is lost. */
  break(): void {
    this.#end(new TransportError('lost', 'lost'))
  }

  close(): void {
    this.sent.push(...this.#held)
    this.#held = []
    this.#end(undefined)
  }

  destroy(): void {
    this.#end(undefined)
  }

  /** What was sent since the last call, as hex. */
  take(): string[] {
    return this.sent.splice(0).map(({ octets }) => Buffer.from(octets).toString('hex'))
  }

  #end(error: TransportError | undefined): void {
    if (this.closed) return
    this.closed = true
    this.#handlers?.onClose(error)
    for (const { onUnsent } of this.#held.splice(0)) onUnsent?.()
  }
}

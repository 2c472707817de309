import type { Socket } from 'node:net'
import { type Clock, systemClock } from './clock.ts'
import { TransportError } from './errors.ts'
import type { Transport, TransportHandlers, TransportMessage } from './transport.ts'

export interface StreamTransportOptions {
  readonly kind: Transport['kind']
  readonly outboundStreams: number
  /** Octets that may wait; a message beyond is not taken. */
  readonly queueLimitOctets: number
  /** Octets put into one write. 1: one message is one write, as SCTP needs it. */
  readonly batchOctets: number
  /** Called right before a write with the stream of its message. */
  readonly selectStream?: (stream: number) => void
  /** Own addresses where they are known; else the socket is asked. */
  readonly localAddresses?: readonly string[]
}

/** Longest wait for a peer that neither reads nor closes. */
const CLOSE_TIMEOUT_MS = 2_000

/**
 * A `Transport` over a connected socket. One write is outstanding at a time and the rest waits in an own bounded
 * queue: libuv merges queued writes, which would make one SCTP message of several, and only what never left the own
 * queue is certainly not sent.
 */
export class StreamTransport implements Transport {
  readonly kind: Transport['kind']
  readonly remote: string
  readonly localAddresses: readonly string[]
  readonly outboundStreams: number
  readonly #socket: Socket
  readonly #options: StreamTransportOptions
  readonly #clock: Clock
  #handlers: TransportHandlers | undefined
  #queue: TransportMessage[] = []
  #queuedOctets = 0
  #writing = false
  #scheduled = false
  #closing = false
  #fault: Error | undefined
  #finished = false
  #cancelCloseTimer: (() => void) | undefined

  constructor(socket: Socket, options: StreamTransportOptions, clock: Clock = systemClock) {
    this.#socket = socket
    this.#options = options
    this.#clock = clock
    this.kind = options.kind
    this.outboundStreams = options.outboundStreams
    this.remote = `${socket.remoteAddress ?? 'unknown'}:${socket.remotePort ?? 0}`
    const { localAddresses = [] } = options
    this.localAddresses = localAddresses.length > 0 ? localAddresses : [plainAddress(socket.localAddress)]
    socket.on('error', (error) => {
      this.#fault = error
    })
    socket.once('close', () => this.#finish())
  }

  start(handlers: TransportHandlers): void {
    this.#handlers = handlers
    if (this.#socket.destroyed) {
      queueMicrotask(() => this.#finish())
      return
    }
    this.#socket.on('data', (octets: Buffer) => handlers.onData(octets))
  }

  send(message: TransportMessage): boolean {
    const { length } = message.octets
    if (this.#closing || this.#socket.destroyed || !this.#socket.writable) return false
    if (this.#queuedOctets + length > this.#options.queueLimitOctets) return false
    this.#queue.push(message)
    this.#queuedOctets += length
    if (message.alone === true) this.#pump()
    else this.#soon()
    return true
  }

  close(): void {
    if (this.#closing) return
    this.#closing = true
    this.#cancelCloseTimer = this.#clock.after(CLOSE_TIMEOUT_MS, () => this.#socket.destroy())
    this.#pump()
  }

  destroy(): void {
    this.#closing = true
    this.#socket.destroy()
  }

  /** Where messages share a write, what one turn of the event loop sends shares it. */
  #soon(): void {
    if (this.#options.batchOctets === 1) this.#pump()
    else if (!this.#writing && !this.#scheduled) {
      this.#scheduled = true
      setImmediate(() => {
        this.#scheduled = false
        this.#pump()
      })
    }
  }

  #pump(): void {
    if (this.#writing || this.#socket.destroyed) return
    const message = this.#queue[0]
    if (message === undefined) {
      if (this.#closing) this.#socket.end()
      return
    }
    this.#writing = true
    this.#options.selectStream?.(message.stream)
    this.#socket.write(this.#takeBatch(), (error) => {
      this.#writing = false
      if (error) return
      this.#pump()
      if (!this.#writing) this.#handlers?.onDrain?.()
    })
  }

  #takeBatch(): Uint8Array {
    let count = 0
    let octets = 0
    for (const message of this.#queue) {
      const full = octets + message.octets.length > this.#options.batchOctets
      if (count > 0 && (full || message.alone === true)) break
      octets += message.octets.length
      count++
      if (message.alone === true) break
    }
    const batch = this.#queue.splice(0, count)
    this.#queuedOctets -= octets
    return batch.length === 1 && batch[0] ? batch[0].octets : Buffer.concat(batch.map((it) => it.octets))
  }

  #finish(): void {
    if (this.#finished || this.#handlers === undefined) return
    this.#finished = true
    this.#cancelCloseTimer?.()
    const cause = this.#fault
    this.#handlers.onClose(
      cause && new TransportError('lost', `${this.kind} ${this.remote}: ${cause.message}`, { cause }),
    )
    const unsent = this.#queue
    this.#queue = []
    for (const message of unsent) message.onUnsent?.()
  }
}

/** Without the forms of an IPv4 address in IPv6, and without a zone. */
function plainAddress(address = '127.0.0.1'): string {
  return address.replace(/^::ffff:/, '').replace(/%.*$/, '')
}

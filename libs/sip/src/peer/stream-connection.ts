import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { SipParseError } from '../errors.ts'
import { type FramerSink, StreamFramer } from '../framer.ts'
import type { SipRequest, SipResponse } from '../message.ts'
import { Timed, type TimerWheel } from './timer-wheel.ts'
import type { EndpointLimits, SipClock, SipEventName, SipSource, Transport } from './types.ts'

/** What a connection tells, and needs. */
export interface ConnectionContext {
  readonly wheel: TimerWheel
  readonly clock: SipClock
  readonly limits: EndpointLimits
  count(name: SipEventName, transport: Transport): void
  message(message: SipRequest | SipResponse, connection: StreamConnection): void
  parseError(error: SipParseError, connection: StreamConnection): void
  /** `error`: why it never opened, or broke. */
  closed(connection: StreamConnection, error: Error | undefined): void
}

/** How long a connection that is being closed may take to flush. */
export const LINGER_MS = 2000

/** One TCP or TLS connection, accepted or opened by us: framing, bounds, time limits. */
export class StreamConnection extends Timed implements FramerSink {
  readonly transport: 'tcp' | 'tls'
  readonly source: SipSource
  readonly #socket: Socket
  readonly #context: ConnectionContext
  readonly #framer: StreamFramer
  #open = true
  #closing = false
  #waiting = 0
  #receivedAtMs: number
  #messageSinceMs: number | undefined
  /** What of the octets written had been taken by the system when it was last looked at, and when that changed. */
  #takenOctets = -1
  #takenAtMs: number
  #error: Error | undefined

  constructor(socket: Socket, transport: 'tcp' | 'tls', source: SipSource, context: ConnectionContext) {
    super()
    this.#socket = socket
    this.transport = transport
    this.source = source
    this.#context = context
    this.#framer = new StreamFramer(this, context.limits)
    this.#receivedAtMs = context.clock.now()
    this.#takenAtMs = this.#receivedAtMs
    this.#schedule()
    socket.setNoDelay(true)
    socket.setKeepAlive(true, 60_000)
    socket.on('data', (chunk: Buffer) => this.#onData(chunk))
    socket.on('error', (error) => {
      this.#error = error
    })
    socket.on('end', () => {
      this.#open = false
    })
    socket.on('close', () => this.#onClose())
    context.count('connectionOpened', transport)
  }

  /** Whether something can still be sent on it. */
  get open(): boolean {
    return this.#open
  }

  /** Names of a verified TLS peer certificate. */
  static tlsNames(socket: Socket): string[] | undefined {
    if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined
    const names = socket.getPeerCertificate().subjectaltname ?? ''
    return names.split(', ').flatMap((name) => /^(?:DNS|URI|IP Address):(.+)$/.exec(name)?.[1] ?? [])
  }

  /** An unanswered request keeps the connection from being idle. */
  hold(delta: 1 | -1): void {
    this.#waiting += delta
  }

  /** False when closed, or closed by this very write because the peer does not read. */
  write(octets: string): boolean {
    if (!this.#open) return false
    if (this.#isStuck(octets.length)) {
      this.#context.count('writeBufferFull', this.transport)
      this.destroy()
      return false
    }
    this.#socket.write(octets, 'latin1')
    return true
  }

  /** Slow is not stuck: answers to a whole burst may wait for a peer that reads as fast as its line allows. */
  #isStuck(moreOctets: number): boolean {
    const waitingOctets = this.#socket.writableLength
    if (waitingOctets === 0) return false
    const { limits, clock } = this.#context
    const takenOctets = this.#socket.bytesWritten - waitingOctets
    if (takenOctets !== this.#takenOctets) {
      this.#takenOctets = takenOctets
      this.#takenAtMs = clock.now()
    }
    const isStalled = clock.now() - this.#takenAtMs >= limits.writeStallMs
    return isStalled || waitingOctets + moreOctets > limits.writeBufferOctets
  }

  /** Closes after what is queued has been sent, at the latest after a short linger. */
  end(): void {
    this.#open = false
    this.#closing = true
    this.#socket.end()
    this.#context.wheel.set(this, this.#context.clock.now() + LINGER_MS)
  }

  destroy(): void {
    this.#open = false
    this.#socket.destroy()
  }

  message(message: SipRequest | SipResponse): void {
    this.#messageSinceMs = undefined
    this.#context.message(message, this)
  }

  error(error: SipParseError, fatal: boolean): void {
    this.#messageSinceMs = undefined
    this.#context.parseError(error, this)
    if (fatal) this.end()
  }

  keepAlive(): void {
    this.#context.count('keepAlive', this.transport)
    this.write('\r\n')
  }

  override onTimer(nowMs: number): void {
    const { limits, count } = this.#context
    if (this.#closing) {
      this.destroy()
      return
    }
    if (this.#messageSinceMs !== undefined && nowMs >= this.#messageSinceMs + limits.messageTimeoutMs) {
      count('messageTimeout', this.transport)
      this.destroy()
    } else if (this.#waiting === 0 && nowMs >= this.#receivedAtMs + limits.idleTimeoutMs) {
      count('idleTimeout', this.transport)
      this.end()
    } else this.#schedule()
  }

  #onData(chunk: Buffer): void {
    if (this.#closing) return
    this.#receivedAtMs = this.#context.clock.now()
    this.#framer.push(chunk)
    if (!this.#framer.incomplete) this.#messageSinceMs = undefined
    else if (this.#messageSinceMs === undefined && this.#open) {
      this.#messageSinceMs = this.#receivedAtMs
      this.#schedule()
    }
  }

  #schedule(): void {
    const { limits, clock, wheel } = this.#context
    const idleAtMs = Math.max(this.#receivedAtMs + limits.idleTimeoutMs, clock.now() + 1)
    const messageAtMs = (this.#messageSinceMs ?? Number.POSITIVE_INFINITY) + limits.messageTimeoutMs
    wheel.set(this, Math.min(this.#waiting > 0 ? idleAtMs + 1000 : idleAtMs, messageAtMs))
  }

  #onClose(): void {
    this.#open = false
    this.#context.wheel.clear(this)
    this.#context.count('connectionClosed', this.transport)
    this.#context.closed(this, this.#error)
  }
}

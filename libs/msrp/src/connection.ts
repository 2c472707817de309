import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { DecodeError } from '@ipsmgw/bytes'
import { MsrpFramer } from './framer.ts'
import type { MsrpLimits, MsrpMessage } from './messages.ts'
import type { MsrpTransport } from './sdp.ts'

export interface ConnectionOptions {
  readonly limits: MsrpLimits
  /** Without any octet, or from the first of a message to its last. */
  readonly idleTimeoutMs: number
  /** Octets that wait for a peer that does not read; above it the connection is closed. */
  readonly writeBufferOctets: number
}

export interface ConnectionSink {
  message(message: MsrpMessage, connection: Connection): void
  count(name: 'idleTimeout' | 'malformed' | 'writeBufferFull'): void
  closed(connection: Connection): void
}

/** Who is at the other end, as far as the transport knows. */
export interface Counterpart {
  readonly transport: MsrpTransport
  /** Shown in the TLS handshake, DER. */
  readonly certificate: Buffer | undefined
  /** An authority that is believed vouches for it. */
  readonly vouchedFor: boolean
}

/** One connection, whoever opened it: octets in, messages out, bounded both ways. */
export class Connection {
  readonly counterpart: Counterpart
  readonly #socket: Socket
  readonly #options: ConnectionOptions
  readonly #sink: ConnectionSink
  readonly #framer: MsrpFramer
  #waitingSinceMs: number | undefined

  /** The socket is connected, its TLS handshake done. */
  constructor(socket: Socket, options: ConnectionOptions, sink: ConnectionSink) {
    this.counterpart = counterpartOf(socket)
    this.#socket = socket
    this.#options = options
    this.#sink = sink
    this.#framer = new MsrpFramer(options.limits, (message) => sink.message(message, this))
    socket.setNoDelay(true)
    socket.setTimeout(options.idleTimeoutMs, () => this.#timedOut())
    socket.on('data', (octets: Buffer) => this.#data(octets))
    socket.on('error', () => {})
    socket.once('close', () => sink.closed(this))
  }

  send(octets: Buffer): void {
    if (!this.#socket.writable) return
    this.#socket.write(octets)
    if (this.#socket.writableLength <= this.#options.writeBufferOctets) return
    this.#sink.count('writeBufferFull')
    this.#socket.destroy()
  }

  /** What was sent still leaves. */
  finish(): void {
    this.#socket.end()
  }

  close(): void {
    this.#socket.destroy()
  }

  #timedOut(): void {
    this.#sink.count('idleTimeout')
    this.#socket.destroy()
  }

  #data(octets: Buffer): void {
    try {
      this.#framer.push(octets)
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error
      this.#sink.count('malformed')
      this.#socket.destroy()
      return
    }
    this.#watchSlowness()
  }

  /** Octet by octet keeps the socket busy and no message complete: that is idle too. */
  #watchSlowness(): void {
    if (this.#framer.pendingOctets === 0) this.#waitingSinceMs = undefined
    else this.#waitingSinceMs ??= performance.now()
    if (this.#waitingSinceMs === undefined) return
    if (performance.now() - this.#waitingSinceMs > this.#options.idleTimeoutMs) this.#timedOut()
  }
}

function counterpartOf(socket: Socket): Counterpart {
  if (!(socket instanceof TLSSocket)) return { transport: 'tcp', certificate: undefined, vouchedFor: false }
  return {
    transport: 'tls',
    certificate: socket.getPeerX509Certificate()?.raw,
    vouchedFor: socket.authorized,
  }
}

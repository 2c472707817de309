import { randomBytes } from 'node:crypto'
import { createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type TlsOptions } from 'node:tls'
import { DecodeError } from '@ipsmgw/bytes'
import { encodeReport, encodeResponse, sessionIdOf } from './codec.ts'
import { MsrpFramer } from './framer.ts'
import { answers, type MsrpEffect, NOTHING_RECEIVED, type ReceivedMessage, receive } from './fsm.ts'
import type { MsrpLimits, MsrpMessage, MsrpRequest, MsrpStatus } from './messages.ts'
import type { MsrpTransport } from './sdp.ts'

export interface MsrpListenerOptions {
  readonly host: string
  readonly port: number
  /** With it connections are TLS, and URIs msrps. */
  readonly tls?: TlsOptions
}

export interface MsrpServerOptions {
  readonly listener: MsrpListenerOptions
  /** What URIs name instead of the bound address. */
  readonly advertisedHost?: string
  readonly limits: MsrpLimits
  /** Open connections; a new one above it is closed at once. */
  readonly connections: number
  /** Without any octet, or from the first of a message to its last. */
  readonly idleTimeoutMs: number
  /** Octets that wait for a peer that does not read; above it the connection is closed. */
  readonly writeBufferOctets: number
}

export const MSRP_EVENTS = [
  'connectionOpened',
  'connectionClosed',
  'connectionsFull',
  'idleTimeout',
  'malformed',
  'writeBufferFull',
  'noSuchSession',
  'sessionInUse',
  'messageReceived',
  'requestRefused',
  'reportSent',
] as const
export type MsrpEventName = (typeof MSRP_EVENTS)[number]

export interface MsrpServerDependencies {
  onEvent?(name: MsrpEventName): void
}

/** What a session tells its owner. */
export interface MsrpSessionHandlers {
  onMessage(message: ReceivedMessage, reply: MessageReply): void
  /** The connection is gone; the session can take another. */
  onDisconnect(): void
}

/**
 * What became of a message, told once: its response, and a success report where one was asked for. Without `delivered`
 * a 200 says no more than that the message was taken.
 */
export type MessageReply = (status: MsrpStatus, delivered: boolean) => void

export interface MsrpSession {
  /** Own path. */
  readonly uri: string
  close(): void
}

interface Open {
  readonly id: string
  readonly handlers: MsrpSessionHandlers
  receiver: typeof NOTHING_RECEIVED
  connection: Connection | undefined
}

const SESSION_ID_OCTETS = 16
const TRANSACTION_ID_OCTETS = 8

/** Receiving side of MSRP: sessions wait here for whoever opens the connection (RFC 4975 §5.4). */
export class MsrpServer {
  readonly #options: MsrpServerOptions
  readonly #dependencies: MsrpServerDependencies
  readonly #server: Server
  readonly #sessions = new Map<string, Open>()
  readonly #connections = new Set<Connection>()

  constructor(options: MsrpServerOptions, dependencies: MsrpServerDependencies = {}) {
    this.#options = options
    this.#dependencies = dependencies
    const { tls } = options.listener
    const accept = (socket: Socket) => this.#accept(socket)
    this.#server = tls === undefined ? createServer(accept) : createTlsServer(tls, accept)
    this.#server.on('tlsClientError', () => this.#count('malformed'))
  }

  get transport(): MsrpTransport {
    return this.#options.listener.tls === undefined ? 'tcp' : 'tls'
  }

  /** Bound port, once started. */
  get port(): number {
    const address = this.#server.address()
    return typeof address === 'object' && address !== null ? address.port : this.#options.listener.port
  }

  get host(): string {
    return this.#options.advertisedHost ?? this.#options.listener.host
  }

  get sessions(): number {
    return this.#sessions.size
  }

  /** Rejects with the system's error when the address cannot be bound. */
  async start(): Promise<void> {
    const { host, port } = this.#options.listener
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen({ host, port }, () => {
        this.#server.off('error', reject)
        this.#server.on('error', () => this.#count('malformed'))
        resolve()
      })
    })
  }

  async close(): Promise<void> {
    for (const connection of this.#connections) connection.close()
    this.#sessions.clear()
    if (this.#server.listening) await new Promise<void>((resolve) => this.#server.close(() => resolve()))
  }

  /** A session of its own id, which nobody can guess. */
  open(handlers: MsrpSessionHandlers): MsrpSession {
    const id = randomBytes(SESSION_ID_OCTETS).toString('hex')
    const session: Open = { id, handlers, receiver: NOTHING_RECEIVED, connection: undefined }
    this.#sessions.set(id, session)
    const scheme = this.transport === 'tls' ? 'msrps' : 'msrp'
    const host = this.host.includes(':') ? `[${this.host}]` : this.host
    return {
      uri: `${scheme}://${host}:${this.port}/${id};tcp`,
      close: () => {
        this.#sessions.delete(id)
        session.connection?.finish()
      },
    }
  }

  #accept(socket: Socket): void {
    if (this.#connections.size >= this.#options.connections) {
      this.#count('connectionsFull')
      socket.destroy()
      return
    }
    this.#count('connectionOpened')
    const connection = new Connection(socket, this.#options, {
      message: (message) => this.#message(message, connection),
      count: (name) => this.#count(name),
      closed: () => this.#closed(connection),
    })
    this.#connections.add(connection)
  }

  #closed(connection: Connection): void {
    this.#count('connectionClosed')
    this.#connections.delete(connection)
    for (const session of this.#sessions.values()) {
      if (session.connection !== connection) continue
      session.connection = undefined
      session.handlers.onDisconnect()
    }
  }

  #message(message: MsrpMessage, connection: Connection): void {
    // A response to one of our reports: there is none that could matter.
    if (message.kind === 'response') return
    const session = this.#sessions.get(sessionIdOf(message.toPath[0] ?? '') ?? '')
    if (session === undefined) {
      this.#count('noSuchSession')
      this.#refuse(message, 481, connection)
    } else if (session.connection !== undefined && session.connection !== connection) {
      this.#count('sessionInUse')
      this.#refuse(message, 506, connection)
    } else {
      session.connection = connection
      const { next, effects } = receive(session.receiver, message, this.#options.limits)
      session.receiver = next
      for (const effect of effects) this.#perform(effect, session, connection)
    }
  }

  #refuse(request: MsrpRequest, status: MsrpStatus, connection: Connection): void {
    if (request.method === 'REPORT') return
    for (const effect of answers(request, status))
      if (effect.kind === 'respond') connection.send(encodeResponse(request, status))
  }

  #perform(effect: MsrpEffect, session: Open, connection: Connection): void {
    if (effect.kind === 'respond') {
      if (effect.status !== 200) this.#count('requestRefused')
      connection.send(encodeResponse(effect.request, effect.status))
    } else if (effect.kind === 'deliver') {
      this.#count('messageReceived')
      session.handlers.onMessage(effect.message, this.#reply(effect.message, connection))
    }
  }

  #reply({ request, reports, messageId, octets }: ReceivedMessage, connection: Connection): MessageReply {
    let replied = false
    return (status, delivered) => {
      if (replied) return
      replied = true
      for (const effect of answers(request, status))
        if (effect.kind === 'respond') connection.send(encodeResponse(request, status))
      if (!delivered || !reports.success) return
      this.#count('reportSent')
      connection.send(
        encodeReport({
          transactionId: randomBytes(TRANSACTION_ID_OCTETS).toString('hex'),
          toPath: request.fromPath,
          fromPath: request.toPath[0] ?? '',
          messageId,
          totalOctets: octets.length,
          status,
        }),
      )
    }
  }

  #count(name: MsrpEventName): void {
    this.#dependencies.onEvent?.(name)
  }
}

interface ConnectionSink {
  message(message: MsrpMessage): void
  count(name: MsrpEventName): void
  closed(): void
}

/** One connection: octets in, messages out, bounded both ways. */
class Connection {
  readonly #socket: Socket
  readonly #options: MsrpServerOptions
  readonly #sink: ConnectionSink
  readonly #framer: MsrpFramer
  #waitingSinceMs: number | undefined

  constructor(socket: Socket, options: MsrpServerOptions, sink: ConnectionSink) {
    this.#socket = socket
    this.#options = options
    this.#sink = sink
    this.#framer = new MsrpFramer(options.limits, (message) => sink.message(message))
    socket.setNoDelay(true)
    socket.setTimeout(options.idleTimeoutMs, () => this.#timedOut())
    socket.on('data', (octets: Buffer) => this.#data(octets))
    socket.on('error', () => {})
    socket.once('close', () => sink.closed())
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

import { randomBytes, X509Certificate } from 'node:crypto'
import { createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type SecureContextOptions, Server as TlsServer } from 'node:tls'
import { encodeOpening, encodeResponse, sessionIdOf } from './codec.ts'
import { Connection, type ConnectionOptions } from './connection.ts'
import { encodeFingerprint } from './fingerprint.ts'
import { answers } from './fsm.ts'
import type { MsrpMessage, MsrpRequest, MsrpStatus } from './messages.ts'
import { openSocket } from './opening.ts'
import type { MsrpTransport } from './sdp.ts'
import { newTransactionId, Session, type SessionHandlers, type SessionOptions } from './session.ts'

export interface MsrpListenerOptions {
  readonly transport: MsrpTransport
  readonly port: number
}

export interface MsrpEndpointOptions extends ConnectionOptions {
  readonly host: string
  /** One for each transport at the most. */
  readonly listeners: readonly MsrpListenerOptions[]
  /** Own certificate, and the authorities that are believed; for TLS. */
  readonly tls?: SecureContextOptions
  /** What URIs name instead of the bound address. */
  readonly advertisedHost?: string
  /** Open connections of a listener; a new one above it is closed at once. */
  readonly connections: number
  /** Addresses that connections may be opened to; without it none is opened. */
  readonly opensTo?: (address: string) => boolean
  /** For opening a connection. */
  readonly connectTimeoutMs: number
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
  'untrusted',
  'unreachable',
  'messageReceived',
  'requestRefused',
  'reportSent',
  'reportLost',
] as const
export type MsrpEventName = (typeof MSRP_EVENTS)[number]

export interface MsrpEndpointDependencies {
  onEvent?(name: MsrpEventName): void
}

export interface MsrpSession {
  /** Own path. */
  readonly uri: string
  /** Opens the connection; for the side that was agreed to be active. */
  connect(): void
  close(): void
}

const SESSION_ID_OCTETS = 16
const TLS_MINIMUM = 'TLSv1.2'

/** Sessions in which this side receives, on connections of either side (RFC 4975 §5.4, RFC 6135). */
export class MsrpEndpoint {
  readonly #options: MsrpEndpointOptions
  readonly #dependencies: MsrpEndpointDependencies
  readonly #servers = new Map<MsrpTransport, Server>()
  readonly #sessions = new Map<string, Session>()
  readonly #connections = new Set<Connection>()
  /** Sessions whose connection was opened here, by that connection. */
  readonly #opened = new Map<Connection, Session>()
  #tls: SecureContextOptions | undefined

  /** Throws when TLS is wanted without a certificate. */
  constructor(options: MsrpEndpointOptions, dependencies: MsrpEndpointDependencies = {}) {
    this.#options = options
    this.#dependencies = dependencies
    this.#tls = options.tls
    for (const { transport } of options.listeners) this.#servers.set(transport, this.#createServer(transport))
  }

  get transports(): readonly MsrpTransport[] {
    return [...this.#servers.keys()]
  }

  get opens(): boolean {
    return this.#options.opensTo !== undefined
  }

  /** Bound port, once started. */
  port(transport: MsrpTransport): number {
    const address = this.#servers.get(transport)?.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  }

  get host(): string {
    return this.#options.advertisedHost ?? this.#options.host
  }

  /** Of the own certificate, as it is announced (RFC 8122 §5). */
  get fingerprint(): string | undefined {
    const { cert } = this.#tls ?? {}
    const first = Array.isArray(cert) ? cert[0] : cert
    return first === undefined ? undefined : encodeFingerprint(new X509Certificate(first).raw)
  }

  get sessions(): number {
    return this.#sessions.size
  }

  /** Rejects with the system's error when an address cannot be bound. */
  async start(): Promise<void> {
    for (const { transport, port } of this.#options.listeners) {
      const server = this.#servers.get(transport)
      if (server !== undefined) await listen(server, this.#options.host, port)
      server?.on('error', () => this.#count('malformed'))
    }
  }

  async close(): Promise<void> {
    for (const connection of this.#connections) connection.close()
    this.#sessions.clear()
    for (const server of this.#servers.values())
      if (server.listening) await new Promise<void>((resolve) => server.close(() => resolve()))
  }

  /** New connections are met with these. Throws what OpenSSL says of them. */
  renewTls(tls: SecureContextOptions): void {
    const server = this.#servers.get('tls')
    if (server instanceof TlsServer) server.setSecureContext({ ...tls, minVersion: TLS_MINIMUM })
    this.#tls = tls
  }

  /** A session of its own id, which nobody can guess. */
  open(options: SessionOptions, handlers: SessionHandlers): MsrpSession {
    const id = randomBytes(SESSION_ID_OCTETS).toString('hex')
    const scheme = options.transport === 'tls' ? 'msrps' : 'msrp'
    const host = this.host.includes(':') ? `[${this.host}]` : this.host
    const uri = `${scheme}://${host}:${this.port(options.transport)}/${id};tcp`
    const own = { id, uri, limits: this.#options.limits }
    const session = new Session(own, options, handlers, (name) => this.#count(name))
    this.#sessions.set(id, session)
    return {
      uri,
      connect: () => void this.#connect(session),
      close: () => {
        this.#sessions.delete(id)
        session.connection?.finish()
      },
    }
  }

  #createServer(transport: MsrpTransport): Server {
    const { connections, connectTimeoutMs: handshakeTimeout } = this.#options
    const accept = (socket: Socket) => void this.#use(socket)
    if (transport === 'tls' && this.#tls === undefined) throw new RangeError('TLS needs a certificate')
    const server =
      transport === 'tcp'
        ? createServer(accept)
        : createTlsServer(
            {
              ...this.#tls,
              minVersion: TLS_MINIMUM,
              handshakeTimeout,
              requestCert: true,
              // Certificates may be their own authority: a session description announces them (RFC 4975 §14.4).
              rejectUnauthorized: false,
            },
            accept,
          )
    server.maxConnections = connections
    server.on('drop', () => this.#count('connectionsFull'))
    server.on('tlsClientError', () => this.#count('malformed'))
    return server
  }

  #use(socket: Socket): Connection {
    this.#count('connectionOpened')
    const connection = new Connection(socket, this.#options, {
      message: (message, from) => this.#message(message, from),
      count: (name) => this.#count(name),
      closed: (closed) => this.#closed(closed),
    })
    this.#connections.add(connection)
    return connection
  }

  /** Opens the connection and says which session it is for. */
  async #connect(session: Session): Promise<void> {
    const { transport, path } = session.options
    try {
      const socket = await openSocket(path[0] ?? '', transport, {
        allows: (address) => this.#options.opensTo?.(address) === true,
        timeoutMs: this.#options.connectTimeoutMs,
        tls: { ...this.#tls, minVersion: TLS_MINIMUM },
      })
      if (this.#sessions.has(session.id)) this.#introduce(session, this.#use(socket))
      else socket.destroy()
    } catch {
      this.#unreachable(session)
    }
  }

  #introduce(session: Session, connection: Connection): void {
    if (!session.believes(connection.counterpart)) {
      this.#count('untrusted')
      connection.close()
      session.handlers.onUnreachable()
      return
    }
    session.connection = connection
    this.#opened.set(connection, session)
    const { uri: fromPath, options } = session
    const [transactionId, messageId] = [newTransactionId(), newTransactionId()]
    connection.send(encodeOpening({ transactionId, messageId, toPath: options.path, fromPath }))
  }

  #unreachable(session: Session): void {
    this.#count('unreachable')
    if (this.#sessions.has(session.id)) session.handlers.onUnreachable()
  }

  #closed(connection: Connection): void {
    this.#count('connectionClosed')
    this.#connections.delete(connection)
    for (const session of this.#sessions.values())
      if (session.connection === connection) session.connection = undefined
    const opened = this.#opened.get(connection)
    this.#opened.delete(connection)
    // Nobody else opens it again.
    if (opened !== undefined && this.#sessions.has(opened.id)) this.#unreachable(opened)
  }

  #message(message: MsrpMessage, connection: Connection): void {
    if (message.kind === 'response') {
      // To a report there is none (RFC 4975 §7.1.2); to the opening one that says whether the session is known.
      if (message.status !== 200 && this.#opened.has(connection)) connection.close()
      return
    }
    const session = this.#sessions.get(sessionIdOf(message.toPath[0] ?? '') ?? '')
    if (session === undefined) this.#refuse(message, 481, connection, 'noSuchSession')
    else if (session.connection !== undefined && session.connection !== connection)
      this.#refuse(message, 506, connection, 'sessionInUse')
    else if (session.connection === undefined && !session.believes(connection.counterpart)) {
      this.#refuse(message, 403, connection, 'untrusted')
      connection.finish()
    } else session.take(message, connection)
  }

  #refuse(request: MsrpRequest, status: MsrpStatus, connection: Connection, why: MsrpEventName): void {
    this.#count(why)
    if (request.method === 'REPORT') return
    for (const effect of answers(request, status))
      if (effect.kind === 'respond') connection.send(encodeResponse(request, status))
  }

  #count(name: MsrpEventName): void {
    this.#dependencies.onEvent?.(name)
  }
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host, port }, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

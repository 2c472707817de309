import type { RemoteInfo } from 'node:dgram'
import { connect, isIP, isIPv6, type Socket } from 'node:net'
import { hostname } from 'node:os'
import { type ConnectionOptions, connect as connectTls, type SecureContextOptions } from 'node:tls'
import { SipParseError } from '../errors.ts'
import type { SipRequest, SipResponse } from '../message.ts'
import { parseDatagram } from '../parser.ts'
import { type ArrivalPath, StreamPath, UdpPath } from './paths.ts'
import { type ConnectionContext, LINGER_MS, StreamConnection } from './stream-connection.ts'
import { StreamListener } from './stream-listener.ts'
import type { TimerWheel } from './timer-wheel.ts'
import type {
  EndpointLimits,
  ListenerAddress,
  ListenerOptions,
  SipClock,
  SipEventName,
  SipSource,
  Transport,
} from './types.ts'
import { isUnicast, UdpListener } from './udp-listener.ts'

/** Who is told what the sockets bring. */
export interface TransportSink {
  message(message: SipRequest | SipResponse, path: ArrivalPath): void
  parseError(error: SipParseError, path: ArrivalPath): void
  allow(source: SipSource): boolean
  count(name: SipEventName, transport: Transport): void
}

export interface TransportOptions {
  readonly listeners: readonly ListenerOptions[]
  readonly limits: EndpointLimits
  readonly tlsClient: ConnectionOptions
  readonly wheel: TimerWheel
  readonly clock: SipClock
}

/** All sockets of an endpoint: listeners, accepted connections, own connections (RFC 3261 §18). */
export class Transports {
  readonly #options: TransportOptions
  readonly #sink: TransportSink
  readonly #udp: UdpListener[]
  readonly #stream: StreamListener[]
  readonly #connections = new Set<StreamConnection>()
  /** Own connections by `transport address port`, to be used again. */
  readonly #own = new Map<string, StreamConnection>()
  readonly #failureHandlers = new Map<StreamConnection, Set<(cause: unknown) => void>>()
  readonly #context: ConnectionContext
  #tlsClient: ConnectionOptions
  #onLastClosed: (() => void) | undefined
  #closed = false

  constructor(options: TransportOptions, sink: TransportSink) {
    this.#options = options
    this.#tlsClient = options.tlsClient
    this.#sink = sink
    const udpSink = {
      datagram: (octets: Buffer, remote: RemoteInfo, listener: UdpListener) =>
        this.#datagram(octets, remote, listener),
      sendFailed: () => sink.count('transportError', 'udp'),
    }
    this.#udp = options.listeners.filter((l) => l.transport === 'udp').map((l) => new UdpListener(l, udpSink))
    this.#stream = options.listeners
      .filter((l) => l.transport !== 'udp')
      .map((l) => new StreamListener(l, (socket, listener) => this.#accept(socket, listener)))
    const connector = this.connect.bind(this)
    this.#context = {
      wheel: options.wheel,
      clock: options.clock,
      limits: options.limits,
      count: sink.count,
      message: (message, connection) => sink.message(message, new StreamPath(connection, connector)),
      parseError: (error, connection) => sink.parseError(error, new StreamPath(connection, connector)),
      closed: (connection, error) => this.#forget(connection, error),
    }
  }

  /** Binds everything, or nothing: rejects with the system's error of the first address that cannot be bound. */
  async start(): Promise<void> {
    try {
      for (const listener of [...this.#udp, ...this.#stream]) await listener.start()
    } catch (error) {
      await this.close()
      throw error
    }
  }

  addresses(): ListenerAddress[] {
    return [...this.#udp, ...this.#stream].map((listener) => listener.address)
  }

  /** UDP socket that reaches `address`, if there is one of its family. */
  udpFor(address: string): UdpListener | undefined {
    return this.#udp.find((listener) => isIPv6(listener.address.host) === isIPv6(address))
  }

  /** `host:port` for own Via headers. */
  sentBy(transport: Transport, address: string): string {
    const candidates = [...this.#udp, ...this.#stream].filter((l) => l.options.transport === transport)
    const listener = candidates.find((l) => isIPv6(l.address.host) === isIPv6(address)) ?? candidates[0]
    if (listener === undefined) return hostname()
    const { host, port } = listener.address
    const name = listener.options.advertisedHost ?? (host === '0.0.0.0' || host === '::' ? hostname() : host)
    return `${name.includes(':') ? `[${name}]` : name}:${port}`
  }

  /** An own connection to a literal address, open, opening, or new. Undefined: refused by a bound. */
  connect(
    transport: 'tcp' | 'tls',
    address: string,
    port: number,
    servername?: string,
  ): StreamConnection | undefined {
    const key = `${transport} ${address} ${port}`
    const existing = this.#own.get(key)
    if (existing?.open) return existing
    if (this.#closed || isIP(address) === 0 || !isUnicast(address) || port === 0 || this.#isFull(transport)) {
      return undefined
    }
    const socket = this.#dial(transport, address, port, servername)
    const source = { transport, address, port, localAddress: '', localPort: 0 }
    const connection = new StreamConnection(socket, transport, source, this.#context)
    this.#limitConnecting(socket, transport)
    this.#connections.add(connection)
    this.#own.set(key, connection)
    return connection
  }

  /** Tells `handler` when the connection closes with an error; the returned function takes it back. */
  onFailure(connection: StreamConnection, handler: (cause: unknown) => void): () => void {
    const handlers = this.#failureHandlers.get(connection) ?? new Set()
    this.#failureHandlers.set(connection, handlers.add(handler))
    return () => handlers.delete(handler)
  }

  /** Certificate, key and trusted authorities of connections from now on, both ways. Throws what OpenSSL says. */
  renewTls(tls: SecureContextOptions): void {
    for (const listener of this.#stream) listener.renew(tls)
    this.#tlsClient = { ...this.#tlsClient, ...tls }
  }

  /** No new connections and, with `close`, the end of the open ones after what is queued was sent. */
  stopAccepting(): void {
    for (const listener of this.#stream) listener.stop()
  }

  async close(): Promise<void> {
    this.#closed = true
    this.stopAccepting()
    for (const connection of this.#connections) connection.end()
    await Promise.all([this.#allGone(), ...this.#udp.map((listener) => listener.close())])
  }

  async #allGone(): Promise<void> {
    if (this.#connections.size === 0) return
    const linger = setTimeout(() => {
      for (const connection of this.#connections) connection.destroy()
    }, LINGER_MS)
    await new Promise<void>((resolve) => {
      this.#onLastClosed = resolve
    })
    clearTimeout(linger)
  }

  #dial(transport: 'tcp' | 'tls', host: string, port: number, servername: string | undefined): Socket {
    const bound = this.#boundAddress(transport, host)
    const target = { host, port, ...(bound !== undefined && { localAddress: bound }) }
    if (transport === 'tcp') return connect(target)
    const name = servername === undefined || isIP(servername) ? {} : { servername }
    return connectTls({ ...this.#tlsClient, ...name, ...target })
  }

  /** Own connections leave from the listener's address: peers know us by it. Undefined: the system chooses. */
  #boundAddress(transport: 'tcp' | 'tls', remote: string): string | undefined {
    return this.#stream
      .filter((listener) => listener.options.transport === transport)
      .map((listener) => listener.address.host)
      .find(
        (host) =>
          host !== '0.0.0.0' &&
          host !== '::' &&
          isIPv6(host) === isIPv6(remote) &&
          isLoopback(host) === isLoopback(remote),
      )
  }

  #limitConnecting(socket: Socket, transport: 'tcp' | 'tls'): void {
    const timeoutMs = this.#options.limits.connectTimeoutMs
    const timer = setTimeout(
      () => socket.destroy(new Error(`no connection within ${timeoutMs} ms`)),
      timeoutMs,
    )
    const done = (): void => clearTimeout(timer)
    socket.once(transport === 'tls' ? 'secureConnect' : 'connect', done)
    socket.once('close', done)
  }

  #isFull(transport: Transport): boolean {
    if (this.#connections.size < this.#options.limits.connections) return false
    this.#sink.count('connectionsFull', transport)
    return true
  }

  #accept(socket: Socket, listener: StreamListener): void {
    const transport = listener.options.transport === 'tls' ? 'tls' : 'tcp'
    const source = sourceOf(socket, transport)
    if (source === undefined || this.#isFull(transport)) {
      socket.destroy()
      return
    }
    if (!this.#sink.allow(source)) {
      this.#sink.count('notAllowed', transport)
      socket.destroy()
      return
    }
    this.#connections.add(new StreamConnection(socket, transport, source, this.#context))
  }

  #forget(connection: StreamConnection, error: Error | undefined): void {
    this.#connections.delete(connection)
    if (this.#connections.size === 0) this.#onLastClosed?.()
    const { transport, address, port } = connection.source
    const key = `${transport} ${address} ${port}`
    if (this.#own.get(key) === connection) this.#own.delete(key)
    const handlers = this.#failureHandlers.get(connection)
    this.#failureHandlers.delete(connection)
    if (error !== undefined) for (const handler of handlers ?? []) handler(error)
  }

  #datagram(octets: Buffer, remote: RemoteInfo, listener: UdpListener): void {
    const { host, port } = listener.address
    const source: SipSource = {
      transport: 'udp',
      address: remote.address,
      port: remote.port,
      localAddress: host,
      localPort: port,
    }
    if (!this.#sink.allow(source)) {
      this.#sink.count('notAllowed', 'udp')
      return
    }
    if (isKeepAlive(octets)) {
      this.#sink.count('keepAlive', 'udp')
      return
    }
    const path = new UdpPath(source, listener)
    let message: SipRequest | SipResponse
    try {
      message = parseDatagram(octets, this.#options.limits)
    } catch (error) {
      if (!(error instanceof SipParseError)) throw error
      this.#sink.parseError(error, path)
      return
    }
    this.#sink.message(message, path)
  }
}

/** A datagram of line breaks or NULs only keeps a NAT binding open; nothing is to be done. */
function isKeepAlive(octets: Buffer): boolean {
  return octets.length <= 4 && octets.every((octet) => octet === 0x0d || octet === 0x0a || octet === 0)
}

function sourceOf(socket: Socket, transport: 'tcp' | 'tls'): SipSource | undefined {
  const { remoteAddress, remotePort, localAddress, localPort } = socket
  if (remoteAddress === undefined || remotePort === undefined) return undefined
  const names = StreamConnection.tlsNames(socket)
  return {
    transport,
    address: remoteAddress,
    port: remotePort,
    localAddress: localAddress ?? '',
    localPort: localPort ?? 0,
    ...(names === undefined ? {} : { tlsNames: names }),
  }
}

function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.')
}

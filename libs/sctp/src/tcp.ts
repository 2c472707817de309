import { once } from 'node:events'
import { createServer, connect as netConnect, type Server, type Socket } from 'node:net'
import { type Clock, systemClock } from './clock.ts'
import { TransportError } from './errors.ts'
import { StreamTransport } from './stream-transport.ts'
import type { Transport, TransportListener } from './transport.ts'

/** Octets that may wait for the peer to read. */
export const DEFAULT_QUEUE_OCTETS = 4 * 1024 * 1024
export const DEFAULT_CONNECT_TIMEOUT_MS = 5_000
const BATCH_OCTETS = 64 * 1024
const KEEP_ALIVE_MS = 15_000

export interface TcpConnectOptions {
  readonly transport: 'tcp'
  readonly host: string
  readonly port: number
  readonly localAddress?: string
  readonly localPort?: number
  readonly connectTimeoutMs?: number
  readonly queueLimitOctets?: number
}

export interface TcpListenOptions {
  readonly transport: 'tcp'
  readonly host: string
  /** 0: any free one. */
  readonly port: number
  /** Connections beyond are refused. */
  readonly mostAssociations?: number
  readonly queueLimitOctets?: number
}

/** Opens a connection. Rejects with `TransportError`. */
export async function connectTcp(
  options: TcpConnectOptions,
  clock: Clock = systemClock,
  signal?: AbortSignal,
): Promise<Transport> {
  const { host, port, localAddress, localPort } = options
  const socket = netConnect({
    host,
    port,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: KEEP_ALIVE_MS,
    ...(localAddress !== undefined && { localAddress }),
    ...(localPort !== undefined && { localPort }),
  })
  await established(socket, options, clock, signal)
  return wrap(socket, options.queueLimitOctets, clock)
}

function established(
  socket: Socket,
  { host, port, connectTimeoutMs = DEFAULT_CONNECT_TIMEOUT_MS }: TcpConnectOptions,
  clock: Clock,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const fail = (fault: 'timeout' | 'aborted' | 'refused' | 'address', cause?: Error) => {
    socket.destroy()
    reject(new TransportError(fault, `tcp ${host}:${port}: ${cause?.message ?? fault}`, { cause }))
  }
  const onAbort = () => fail('aborted')
  const onError = (error: NodeJS.ErrnoException) =>
    fail(error.code === 'ENOTFOUND' || error.code === 'EADDRNOTAVAIL' ? 'address' : 'refused', error)
  const cancelTimer = clock.after(connectTimeoutMs, () => fail('timeout'))
  socket.once('connect', resolve)
  socket.once('error', onError)
  signal?.addEventListener('abort', onAbort)
  if (signal?.aborted) onAbort()
  return promise.finally(() => {
    cancelTimer()
    signal?.removeEventListener('abort', onAbort)
    if (!socket.destroyed) socket.off('error', onError)
  })
}

/** Accepts connections. Rejects with `TransportError` when the address cannot be bound. */
export async function listenTcp(
  options: TcpListenOptions,
  onTransport: (transport: Transport) => void,
  clock: Clock = systemClock,
): Promise<TransportListener> {
  const { host, port, mostAssociations = 256 } = options
  const server = createServer({ noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS })
  server.maxConnections = mostAssociations
  server.on('connection', (socket) => onTransport(wrap(socket, options.queueLimitOctets, clock)))
  server.listen({ host, port })
  try {
    await once(server, 'listening')
  } catch (cause) {
    throw new TransportError('address', `tcp ${host}:${port}: ${(cause as Error).message}`, { cause })
  }
  keepListening(server)
  return {
    port: (server.address() as { port: number }).port,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  }
}

/** An `accept` that fails, for want of descriptors for instance, costs that client only. */
export function keepListening(server: Server): void {
  server.on('error', () => {})
}

function wrap(socket: Socket, queueLimitOctets = DEFAULT_QUEUE_OCTETS, clock: Clock): Transport {
  return new StreamTransport(
    socket,
    { kind: 'tcp', outboundStreams: 2, queueLimitOctets, batchOctets: BATCH_OCTETS },
    clock,
  )
}

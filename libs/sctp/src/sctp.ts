import { lookup } from 'node:dns/promises'
import { once } from 'node:events'
import { createServer, isIPv6, Socket } from 'node:net'
import { type Clock, systemClock } from './clock.ts'
import { TransportError } from './errors.ts'
import { type Libc, loadLibc } from './libc.ts'
import { type AssociationTuning, SctpSocket } from './socket.ts'
import { StreamTransport } from './stream-transport.ts'
import { SctpState } from './structures.ts'
import { DEFAULT_CONNECT_TIMEOUT_MS, DEFAULT_QUEUE_OCTETS, keepListening } from './tcp.ts'
import type { Transport, TransportListener } from './transport.ts'

export interface SctpConnectOptions extends AssociationTuning {
  readonly transport: 'sctp'
  /** Names or addresses of one peer: several make a multi-homed association. */
  readonly hosts: readonly string[]
  readonly port: number
  readonly localAddresses?: readonly string[]
  readonly localPort?: number
  /** Payload protocol identifier of every message. */
  readonly payloadProtocol: number
  readonly connectTimeoutMs?: number
  readonly queueLimitOctets?: number
}

export interface SctpListenOptions extends AssociationTuning {
  readonly transport: 'sctp'
  /** Own addresses, all of them announced to the peer. */
  readonly hosts: readonly string[]
  readonly port: number
  readonly payloadProtocol: number
  readonly mostAssociations?: number
  readonly queueLimitOctets?: number
}

export interface SctpDependencies {
  readonly clock?: Clock
  readonly loadLibc?: () => Promise<Libc>
}

const ANY = ['0.0.0.0', '::'] as const
const FIRST_POLL_MS = 2
const LONGEST_POLL_MS = 50

/** Opens an association. Rejects with `SctpUnavailableError` or `TransportError`. */
export async function connectSctp(
  options: SctpConnectOptions,
  dependencies: SctpDependencies = {},
  signal?: AbortSignal,
): Promise<Transport> {
  const { clock = systemClock } = dependencies
  const libc = await (dependencies.loadLibc ?? loadLibc)()
  const hosts = await resolve(options.hosts)
  const local = options.localAddresses ?? []
  const socket = SctpSocket.open(libc, [...hosts, ...local], options)
  try {
    if (local.length > 0) socket.bind(local, options.localPort ?? 0)
    else if (options.localPort !== undefined) socket.bind([anyOf(hosts)], options.localPort)
    socket.connect(hosts, options.port)
    await established(socket, options, clock, signal)
  } catch (error) {
    socket.close()
    throw error
  }
  const stream = new Socket({ fd: socket.fd, readable: true, writable: true })
  return wrap(stream, socket, options, local, clock)
}

/** The wildcard address of the same family. */
const anyOf = (hosts: readonly string[]) => (hosts.some(isIPv6) ? ANY[1] : ANY[0])

const isWildcard = (address: string) => address === ANY[0] || address === ANY[1]

/** Name lookups of all hosts, in their order. */
async function resolve(hosts: readonly string[]): Promise<string[]> {
  try {
    const found = await Promise.all(hosts.map((it) => lookup(it)))
    return found.map(({ address }) => address)
  } catch (cause) {
    throw new TransportError('address', `sctp ${hosts.join(',')}: ${(cause as Error).message}`, { cause })
  }
}

/** A wrapped descriptor tells nothing of its connect, so the state is asked for until it is up or the time is over. */
function established(
  socket: SctpSocket,
  options: SctpConnectOptions,
  clock: Clock,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { hosts, port, connectTimeoutMs = DEFAULT_CONNECT_TIMEOUT_MS } = options
  const name = `sctp ${hosts.join(',')}:${port}`
  const deadlineMs = clock.now() + connectTimeoutMs
  return new Promise((resolve, reject) => {
    const poll = (intervalMs: number) => {
      const state = socket.status()?.state
      if (state === SctpState.established) return resolve()
      const cause = socket.pendingError()
      if (cause || state === undefined)
        return reject(
          new TransportError('refused', `${name}: ${cause?.message ?? 'no association'}`, { cause }),
        )
      if (signal?.aborted) return reject(new TransportError('aborted', `${name}: given up`))
      if (clock.now() >= deadlineMs)
        return reject(new TransportError('timeout', `${name}: no answer in ${connectTimeoutMs} ms`))
      clock.after(intervalMs, () => poll(Math.min(2 * intervalMs, LONGEST_POLL_MS)))
    }
    poll(FIRST_POLL_MS)
  })
}

/** Accepts associations on all `hosts`. Rejects with `SctpUnavailableError` or `TransportError`. */
export async function listenSctp(
  options: SctpListenOptions,
  onTransport: (transport: Transport) => void,
  dependencies: SctpDependencies = {},
): Promise<TransportListener> {
  const { clock = systemClock } = dependencies
  const libc = await (dependencies.loadLibc ?? loadLibc)()
  const socket = SctpSocket.open(libc, options.hosts, options)
  try {
    socket.bind(options.hosts, options.port)
  } catch (error) {
    socket.close()
    throw error
  }
  const server = createServer()
  server.maxConnections = options.mostAssociations ?? 256
  server.on('connection', (accepted) =>
    onTransport(wrap(accepted, new SctpSocket(libc, descriptorOf(accepted)), options, options.hosts, clock)),
  )
  server.listen({ fd: socket.fd })
  try {
    await once(server, 'listening')
  } catch (cause) {
    socket.close()
    throw new TransportError('address', `sctp listen: ${(cause as Error).message}`, { cause })
  }
  keepListening(server)
  return {
    port: (server.address() as { port: number }).port,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  }
}

/** Node hands out accepted sockets without their descriptor; the handle below has it. */
function descriptorOf(socket: Socket): number {
  return (socket as unknown as { _handle: { fd: number } })._handle.fd
}

function wrap(
  stream: Socket,
  socket: SctpSocket,
  options: SctpConnectOptions | SctpListenOptions,
  bound: readonly string[],
  clock: Clock,
): Transport {
  const outboundStreams = socket.status()?.outboundStreams ?? 1
  let selected = -1
  const selectStream = (wanted: number) => {
    const stream = Math.min(wanted, outboundStreams - 1)
    if (stream !== selected) socket.selectStream(stream, options.payloadProtocol)
    selected = stream
  }
  const { queueLimitOctets = DEFAULT_QUEUE_OCTETS } = options
  const localAddresses = bound.some((it) => isWildcard(it)) ? [] : bound
  return new StreamTransport(
    stream,
    { kind: 'sctp', outboundStreams, queueLimitOctets, batchOctets: 1, selectStream, localAddresses },
    clock,
  )
}

import { isIPv6 } from 'node:net'
import { constants } from 'node:os'
import { SctpUnavailableError, TransportError } from './errors.ts'
import type { Libc } from './libc.ts'
import * as structures from './structures.ts'

const { EINPROGRESS, EPROTONOSUPPORT, ECONNREFUSED } = constants.errno
const ESOCKTNOSUPPORT = 94
const { IPPROTO_SCTP, SctpOption } = structures

/** Failure detection and streams of an association. */
export interface AssociationTuning {
  /** Streams asked for in each direction. */
  readonly streams?: number
  /** Between heartbeats to an idle address of the peer. */
  readonly heartbeatMs?: number
  /** Retransmissions until an address of the peer, until the association counts as failed. */
  readonly pathRetransmissions?: number
  readonly associationRetransmissions?: number
  readonly rtoMinimumMs?: number
  readonly rtoMaximumMs?: number
}

const TUNING = {
  streams: 17, // stream 0 and one for each SLS
  heartbeatMs: 5_000,
  pathRetransmissions: 3,
  associationRetransmissions: 6,
  rtoMinimumMs: 200,
  rtoMaximumMs: 2_000,
} as const satisfies Required<AssociationTuning>

/** An SCTP socket in one-to-one style that no stream owns yet. */
export class SctpSocket {
  readonly fd: number
  readonly #libc: Libc

  constructor(libc: Libc, fd: number) {
    this.#libc = libc
    this.fd = fd
  }

  /** Throws `SctpUnavailableError` when the kernel knows no SCTP. */
  static open(libc: Libc, addresses: readonly string[], tuning: AssociationTuning = {}): SctpSocket {
    const family = addresses.some(isIPv6) ? structures.AF_INET6 : structures.AF_INET
    const fd = libc.socket(family, structures.SOCK_STREAM_NONBLOCK_CLOEXEC, IPPROTO_SCTP)
    if (fd < 0) {
      const errno = libc.errno()
      const cause = new Error(`socket: ${errnoName(errno)}`)
      if (errno === EPROTONOSUPPORT || errno === ESOCKTNOSUPPORT)
        throw new SctpUnavailableError('kernel', { cause })
      throw new TransportError('refused', cause.message)
    }
    const socket = new SctpSocket(libc, fd)
    socket.#tune({ ...TUNING, ...tuning })
    return socket
  }

  #tune(tuning: Required<AssociationTuning>): void {
    const { streams, rtoMinimumMs, rtoMaximumMs } = tuning
    const rtoInitialMs = Math.min(1_000, rtoMaximumMs)
    this.#set(SctpOption.noDelay, Buffer.of(1, 0, 0, 0))
    this.#set(SctpOption.initMessage, structures.initMessage(streams, 0, rtoMaximumMs))
    this.#set(SctpOption.rtoInfo, structures.rtoInfo(rtoInitialMs, rtoMinimumMs, rtoMaximumMs))
    this.#set(SctpOption.associationInfo, structures.associationInfo(tuning.associationRetransmissions))
    this.#set(
      SctpOption.peerAddressParameters,
      structures.peerAddressParameters(tuning.heartbeatMs, tuning.pathRetransmissions),
    )
  }

  /** Binds all addresses to one port (bindx). */
  bind(addresses: readonly string[], port: number): void {
    this.#libc.setsockopt(this.fd, structures.SOL_SOCKET, structures.SO_REUSEADDR, Buffer.of(1, 0, 0, 0))
    if (!this.#set(SctpOption.bindxAdd, structures.socketAddresses(addresses, port)))
      throw new TransportError('address', `sctp bind ${addresses.join(',')}:${port}: ${this.#errnoName()}`)
  }

  /** Starts the association with a peer of one or several addresses (connectx); `status` tells when it is up. */
  connect(addresses: readonly string[], port: number): void {
    if (this.#set(SctpOption.connectx, structures.socketAddresses(addresses, port))) return
    if (this.#libc.errno() === EINPROGRESS) return
    throw new TransportError('refused', `sctp ${addresses.join(',')}:${port}: ${this.#errnoName()}`)
  }

  /** Undefined while there is no association. */
  status(): structures.AssociationStatus | undefined {
    const octets = Buffer.alloc(structures.STATUS_OCTETS)
    const done = this.#libc.getsockopt(this.fd, IPPROTO_SCTP, SctpOption.status, octets)
    return done < 0 ? undefined : structures.readStatus(octets)
  }

  /** Error pending on the socket; undefined for none. Reading clears it. */
  pendingError(): Error | undefined {
    const octets = Buffer.alloc(4)
    this.#libc.getsockopt(this.fd, structures.SOL_SOCKET, structures.SO_ERROR, octets)
    const errno = octets.readInt32LE(0)
    return errno === 0
      ? undefined
      : Object.assign(new Error(errnoName(errno)), { refused: errno === ECONNREFUSED })
  }

  /** The messages written from now on go out on `stream` with this payload protocol identifier. */
  selectStream(stream: number, payloadProtocol: number): void {
    this.#set(SctpOption.defaultSendParameters, structures.sendParameters(stream, payloadProtocol))
  }

  close(): void {
    this.#libc.close(this.fd)
  }

  #set(option: number, value: Buffer): boolean {
    return this.#libc.setsockopt(this.fd, IPPROTO_SCTP, option, value) >= 0
  }

  #errnoName(): string {
    return errnoName(this.#libc.errno())
  }
}

function errnoName(errno: number): string {
  return Object.entries(constants.errno).find(([, value]) => value === errno)?.[0] ?? `errno ${errno}`
}

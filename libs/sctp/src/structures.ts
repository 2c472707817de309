import { isIPv6 } from 'node:net'

/**
 * Structures and numbers of the SCTP socket interface (RFC 6458) as Linux lays them out (`linux/sctp.h`), in the byte
 * order of the machines it is built for: little endian.
 */
export const IPPROTO_SCTP = 132
export const SOL_SOCKET = 1
export const SO_REUSEADDR = 2
export const SO_ERROR = 4
export const SOCK_STREAM_NONBLOCK_CLOEXEC = 1 | 0o4000 | 0o2000000
export const AF_INET = 2
export const AF_INET6 = 10

/** Socket options (RFC 6458 §8). */
export const SctpOption = {
  rtoInfo: 0,
  associationInfo: 1,
  initMessage: 2,
  noDelay: 3,
  peerAddressParameters: 9,
  defaultSendParameters: 10,
  status: 14,
  bindxAdd: 100,
  connectx: 110,
} as const

/** States in SCTP_STATUS. */
export const SctpState = { cookieWait: 2, cookieEchoed: 3, established: 4 } as const

const HEARTBEAT_ENABLE = 1
const ADDRESS_STORAGE_OCTETS = 128

/** `sockaddr_in` or `sockaddr_in6`. */
export function socketAddress(address: string, port: number): Buffer {
  return isIPv6(address) ? inet6(address, port) : inet(address, port)
}

/** A packed list as bindx and connectx take it. */
export function socketAddresses(addresses: readonly string[], port: number): Buffer {
  return Buffer.concat(addresses.map((it) => socketAddress(it, port)))
}

function inet(address: string, port: number): Buffer {
  const octets = Buffer.alloc(16)
  octets.writeUInt16LE(AF_INET, 0)
  octets.writeUInt16BE(port, 2)
  octets.set(address.split('.').map(Number), 4)
  return octets
}

function inet6(address: string, port: number): Buffer {
  const octets = Buffer.alloc(28)
  octets.writeUInt16LE(AF_INET6, 0)
  octets.writeUInt16BE(port, 2)
  const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1)
  const [head = '', tail] = canonical.split('::')
  const groups = (text: string) => (text === '' ? [] : text.split(':').map((it) => Number.parseInt(it, 16)))
  const first = groups(head)
  const last = tail === undefined ? [] : groups(tail)
  for (const [i, it] of first.entries()) octets.writeUInt16BE(it, 8 + 2 * i)
  for (const [i, it] of last.entries()) octets.writeUInt16BE(it, 24 - 2 * (last.length - i))
  return octets
}

/** `sctp_initmsg` (RFC 6458 §5.3.1). */
export function initMessage(streams: number, attempts: number, maximumTimeoutMs: number): Buffer {
  const octets = Buffer.alloc(8)
  octets.writeUInt16LE(streams, 0)
  octets.writeUInt16LE(streams, 2)
  octets.writeUInt16LE(attempts, 4)
  octets.writeUInt16LE(maximumTimeoutMs, 6)
  return octets
}

/** `sctp_sndrcvinfo` (RFC 6458 §5.3.2) with stream and payload protocol identifier, which travels as given. */
export function sendParameters(stream: number, payloadProtocol: number): Buffer {
  const octets = Buffer.alloc(32)
  octets.writeUInt16LE(stream, 0)
  octets.writeUInt32BE(payloadProtocol, 8)
  return octets
}

/** `sctp_rtoinfo` (RFC 6458 §8.1.1). */
export function rtoInfo(initialMs: number, minimumMs: number, maximumMs: number): Buffer {
  const octets = Buffer.alloc(16)
  octets.writeUInt32LE(initialMs, 4)
  octets.writeUInt32LE(maximumMs, 8)
  octets.writeUInt32LE(minimumMs, 12)
  return octets
}

/** `sctp_assocparams` (RFC 6458 §8.1.2): retransmissions until the association counts as failed. */
export function associationInfo(mostRetransmissions: number): Buffer {
  const octets = Buffer.alloc(20)
  octets.writeUInt16LE(mostRetransmissions, 4)
  return octets
}

/** `sctp_paddrparams` (RFC 6458 §8.1.12) for all addresses of the peer: heartbeats, retransmissions per path. */
export function peerAddressParameters(heartbeatMs: number, mostRetransmissions: number): Buffer {
  const octets = Buffer.alloc(152)
  const at = 4 + ADDRESS_STORAGE_OCTETS
  octets.writeUInt32LE(heartbeatMs, at)
  octets.writeUInt16LE(mostRetransmissions, at + 4)
  octets.writeUInt32LE(HEARTBEAT_ENABLE, at + 14)
  return octets
}

export const STATUS_OCTETS = 24 + 152

/** `sctp_status` (RFC 6458 §8.2.1). */
export interface AssociationStatus {
  /** See `SctpState`. */
  readonly state: number
  /** DATA chunks the peer has not acknowledged. */
  readonly unacknowledged: number
  readonly inboundStreams: number
  readonly outboundStreams: number
}

export function readStatus(octets: Buffer): AssociationStatus {
  return {
    state: octets.readInt32LE(4),
    unacknowledged: octets.readUInt16LE(12),
    inboundStreams: octets.readUInt16LE(16),
    outboundStreams: octets.readUInt16LE(18),
  }
}

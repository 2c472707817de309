import { isIPv4, isIPv6, SocketAddress } from 'node:net'
import { type ByteWriter, decodeTbcd, EncodeError, encodeTbcd } from '@ipsmgw/bytes'
import type { ScalarType, ScalarTypes } from './dictionary/definitions.ts'
import { PROTOCOL } from './errors.ts'

/** Why a value cannot be read; the caller knows the AVP, so it makes the error. */
export type Fault = { readonly kind: 'length' | 'value'; readonly detail: string }

/** Reading and writing of one type. */
export interface ScalarKind<T> {
  /** The value, or what is wrong with the octets. */
  read(data: Buffer): T | Fault
  /** `path` and `name` place the AVP in an `EncodeError`. */
  write(writer: ByteWriter, value: T, path: string, name: string): void
}

const UNIX_TO_NTP_SECONDS = 2_208_988_800
/** NTP seconds with a clear top bit lie in the second era, from 2036-02-07 06:28:16 UTC on. */
const ERA_SECONDS = 2 ** 32
const FAMILY_IPV4 = 1
const FAMILY_IPV6 = 2
const E164 = /^[0-9]*$/

const wrongLength = (data: Buffer, octets: number): Fault => ({
  kind: 'length',
  detail: `${data.length} octets instead of ${octets}`,
})

const text: ScalarKind<string> = {
  read: (data) => data.toString('utf8'),
  write: (writer, value) => writer.utf8(value),
}

/** A host or realm name: ASCII. */
const identity: ScalarKind<string> = {
  read: (data) => data.toString('latin1'),
  write: (writer, value) => writer.latin1(value),
}

const unsigned32: ScalarKind<number> = {
  read: (data) => (data.length === 4 ? data.readUInt32BE(0) : wrongLength(data, 4)),
  write(writer, value, path, name) {
    if (!Number.isInteger(value) || value < 0 || value > 0xffffffff)
      throw new EncodeError(PROTOCOL, `${path}.${name}`, `${value} is no Unsigned32`)
    writer.uint32(value)
  },
}

const enumerated: ScalarKind<number> = {
  read: (data) => (data.length === 4 ? data.readInt32BE(0) : wrongLength(data, 4)),
  write(writer, value, path, name) {
    if (value !== (value | 0)) throw new EncodeError(PROTOCOL, `${path}.${name}`, `${value} is no Integer32`)
    writer.uint32(value)
  },
}

const unsigned64: ScalarKind<bigint> = {
  read: (data) => (data.length === 8 ? data.readBigUInt64BE(0) : wrongLength(data, 8)),
  write: (writer, value) => writer.uint64(value),
}

const octetString: ScalarKind<Buffer> = {
  read: (data) => data,
  write: (writer, value) => writer.octets(value),
}

const tbcd: ScalarKind<string> = {
  read(data) {
    const last = data.length - 1
    for (let i = 0; i <= last; i++) {
      const octet = data[i] as number
      if ((octet & 0xf) > 9 || (octet >> 4 > 9 && !(i === last && octet >> 4 === 0xf)))
        return { kind: 'value', detail: `octet ${i} is no pair of digits` }
    }
    return decodeTbcd(data, PROTOCOL)
  },
  write(writer, value, path, name) {
    if (!E164.test(value)) throw new EncodeError(PROTOCOL, `${path}.${name}`, 'not digits alone')
    writer.octets(encodeTbcd(value, PROTOCOL, name))
  },
}

/** Seconds since 1900, modulo 2^32 (RFC 6733 §4.3.1). */
const time: ScalarKind<Date> = {
  read(data) {
    if (data.length !== 4) return wrongLength(data, 4)
    const seconds = data.readUInt32BE(0)
    const era = seconds < 0x80000000 ? ERA_SECONDS : 0
    return new Date((seconds + era - UNIX_TO_NTP_SECONDS) * 1000)
  },
  write(writer, value, path, name) {
    const seconds = Math.floor(value.getTime() / 1000)
    if (!Number.isFinite(seconds)) throw new EncodeError(PROTOCOL, `${path}.${name}`, 'no date')
    writer.uint32((seconds + UNIX_TO_NTP_SECONDS) % ERA_SECONDS)
  },
}

/** Family (2) and address (RFC 6733 §4.3.1). */
const address: ScalarKind<string> = {
  read(data) {
    const family = data.length >= 2 ? data.readUInt16BE(0) : 0
    if (family === FAMILY_IPV4) return data.length === 6 ? data.subarray(2).join('.') : wrongLength(data, 6)
    if (family === FAMILY_IPV6) return data.length === 18 ? ipv6Text(data) : wrongLength(data, 18)
    return { kind: 'value', detail: `address family ${family}` }
  },
  write(writer, value, path, name) {
    if (isIPv4(value)) writer.uint16(FAMILY_IPV4).octets(Buffer.from(value.split('.').map(Number)))
    else if (isIPv6(value)) writer.uint16(FAMILY_IPV6).octets(ipv6Octets(value))
    else throw new EncodeError(PROTOCOL, `${path}.${name}`, `"${value}" is no IP address`)
  },
}

function ipv6Text(data: Buffer): string {
  const groups = Array.from({ length: 8 }, (_, i) => data.readUInt16BE(2 + 2 * i).toString(16))
  return new SocketAddress({ family: 'ipv6', address: groups.join(':') }).address
}

function ipv6Octets(value: string): Buffer {
  const [plain = ''] = value.split('%')
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(plain)
  const [, head = '', a = '', b = '', c = '', d = ''] = dotted ?? []
  const pair = (high: string, low: string) => (Number(high) * 256 + Number(low)).toString(16)
  const groups = dotted === null ? plain : `${head}${pair(a, b)}:${pair(c, d)}`
  const [before = '', after] = groups.split('::')
  const left = before === '' ? [] : before.split(':')
  const right = after === undefined || after === '' ? [] : after.split(':')
  const zeros = Array<string>(8 - left.length - right.length).fill('0')
  const octets = Buffer.alloc(16)
  ;[...left, ...zeros, ...right].forEach((group, i) => {
    octets.writeUInt16BE(Number.parseInt(group, 16), 2 * i)
  })
  return octets
}

/** Reading and writing of every type that is not grouped. */
export const SCALARS: { readonly [T in ScalarType]: ScalarKind<ScalarTypes[T]> } = {
  OctetString: octetString,
  Tbcd: tbcd,
  UTF8String: text,
  DiameterIdentity: identity,
  DiameterURI: identity,
  Unsigned32: unsigned32,
  Unsigned64: unsigned64,
  Enumerated: enumerated,
  Time: time,
  Address: address,
}

export function isFault(value: unknown): value is Fault {
  return typeof value === 'object' && value !== null && 'kind' in value && 'detail' in value
}

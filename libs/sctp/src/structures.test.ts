import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fromHex, toHex } from '@ipsmgw/bytes'
import {
  associationInfo,
  initMessage,
  peerAddressParameters,
  readStatus,
  rtoInfo,
  STATUS_OCTETS,
  sendParameters,
  socketAddress,
  socketAddresses,
} from './structures.ts'

/** Laid out by hand from the structures of RFC 6458, little endian as on x86 and arm. */
const rows: [title: string, octets: Uint8Array, hex: string][] = [
  ['sockaddr_in', socketAddress('10.1.2.3', 2905), '0200 0b59 0a010203 0000000000000000'],
  [
    'sockaddr_in6',
    socketAddress('2001:db8::1:2', 2905),
    '0a00 0b59 00000000 20010db8000000000000000000010002 00000000',
  ],
  [
    'sockaddr_in6 of the loopback',
    socketAddress('::1', 1),
    '0a00 0001 00000000 00000000000000000000000000000001 00000000',
  ],
  [
    'sockaddr_in6 of a mapped address',
    socketAddress('::ffff:10.1.2.3', 1),
    '0a00 0001 00000000 00000000000000000000ffff0a010203 00000000',
  ],
  ['RFC 6458 §5.3.1 sctp_initmsg', initMessage(17, 0, 2_000), '1100 1100 0000 d007'],
  [
    'RFC 6458 §5.3.2 sctp_sndrcvinfo: stream 5, PPID 3 in network order',
    sendParameters(5, 3),
    '0500 0000 0000 0000 00000003 00000000 00000000 00000000 00000000 00000000',
  ],
  [
    'RFC 6458 §8.1.1 sctp_rtoinfo: initial, maximum, minimum',
    rtoInfo(1_000, 200, 2_000),
    '00000000 e8030000 d0070000 c8000000',
  ],
  ['RFC 6458 §8.1.2 sctp_assocparams', associationInfo(6), '00000000 0600 0000 00000000 00000000 00000000'],
  [
    'RFC 6458 §8.1.12 sctp_paddrparams: interval, retransmissions, SPP_HB_ENABLE',
    peerAddressParameters(5_000, 3),
    `00000000 ${'00'.repeat(128)} 88130000 0300 00000000 00000000 01000000 0000`,
  ],
]

for (const [title, octets, hex] of rows)
  test(`${title}`, () => assert.equal(toHex(octets), toHex(fromHex(hex))))

test('RFC 6458 §9.1: bindx and connectx take a packed list', () => {
  assert.equal(socketAddresses(['127.0.0.1', '::1'], 2905).length, 16 + 28)
})

test('RFC 6458 §8.2.1 sctp_status', () => {
  const octets = Buffer.alloc(STATUS_OCTETS)
  octets.set(fromHex('01000000 04000000 00a00100 0700 0200 1100 0900'))
  assert.deepEqual(readStatus(octets), {
    state: 4,
    unacknowledged: 7,
    inboundStreams: 17,
    outboundStreams: 9,
  })
})

import assert from 'node:assert/strict'
import { DecodeError } from '@ipsmgw/bytes'
import {
  agree,
  DEFAULT_LIMITS,
  decodeOffer,
  encodeAnswer,
  MsrpFramer,
  type MsrpMessage,
  NOTHING_RECEIVED,
  receive,
} from '@ipsmgw/msrp'
import type { FuzzTarget } from '../target.ts'

const PATHS =
  'To-Path: msrp://gw.example:2855/s1;tcp\r\nFrom-Path: msrp://relay.example:9000/r;tcp msrp://a.example:7777/x;tcp\r\n'
const SEND = `MSRP a786hjs2 SEND\r\n${PATHS}Message-ID: 87652491\r\nByte-Range: 1-12/25\r\nSuccess-Report: yes\r\nFailure-Report: partial\r\nContent-Type: message/cpim\r\n\r\nFrom: <sip:a\r\n-------a786hjs2+\r\n`
const REST = `MSRP dkei38sd SEND\r\n${PATHS}Message-ID: 87652491\r\nByte-Range: 13-25/25\r\nContent-Type: message/cpim\r\n\r\n@b>\r\n\r\nHello!\r\n-------dkei38sd$\r\n`
const OFFER = [
  'v=0',
  'o=alice 2890844526 2890844527 IN IP4 a.example',
  's=-',
  'c=IN IP4 192.0.2.1',
  't=0 0',
  'm=message 7654 TCP/MSRP *',
  'a=accept-types:message/cpim text/plain',
  'a=path:msrp://a.example:7654/jshA7weztas;tcp',
  'a=setup:actpass',
  'a=fingerprint:SHA-1 4A:AD:B9:B1:3F:82:18:3B:54:02:12:DF:3E:5D:49:6B:19:E5:7C:AB',
  'a=sendonly',
  'm=audio 49170 RTP/AVP 0',
  '',
].join('\r\n')
/** Octets that a framer may hold besides one message: its head and what has come behind it. */
const SLACK_OCTETS = DEFAULT_LIMITS.headOctets + DEFAULT_LIMITS.messageOctets + 4_096

/** RFC 4975 §7, §8: streams into messages, chunks into messages, and offers into answers. */
export const msrp: FuzzTarget = {
  name: 'msrp',
  seeds: [SEND + REST, REST + SEND, `MSRP a786hjs2 200 OK\r\n${PATHS}-------a786hjs2$\r\n${SEND}`, OFFER].map(
    (it) => Buffer.from(it),
  ),
  tokens: [
    '\r\n',
    '\r\n\r\n',
    '-------a786hjs2',
    '-------dkei38sd',
    '$\r\n',
    '+\r\n',
    '#\r\n',
    'MSRP ',
    ' SEND\r\n',
    '-',
  ].concat([
    'Byte-Range: 1-*/*\r\n',
    '/',
    '*',
    '99999999',
    'm=message 1 TCP/MSRP *\r\n',
    'a=path:',
    ':',
    ' ',
    '\0',
    '\xff',
  ]),
  maximumOctets: 65_536,
  leastReadable: 0.1,
  read: (octets, random) =>
    octets.subarray(0, 2).equals(OFFER_START) ? readOffer(octets) : readStream(octets, 1 + random(300)),
}

const OFFER_START = Buffer.from('v=')

function readStream(octets: Buffer, pieceOctets: number): boolean {
  const messages: MsrpMessage[] = []
  const framer = new MsrpFramer(DEFAULT_LIMITS, (message) => messages.push(message))
  try {
    for (let at = 0; at < octets.length; at += pieceOctets) {
      framer.push(octets.subarray(at, at + pieceOctets))
      assert.ok(framer.pendingOctets <= SLACK_OCTETS, `${framer.pendingOctets} octets wait`)
    }
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
  }
  let state = NOTHING_RECEIVED
  for (const message of messages) {
    if (message.kind === 'response') continue
    const { next, effects } = receive(state, message, DEFAULT_LIMITS)
    state = next
    assert.ok(state.size <= DEFAULT_LIMITS.openMessages && effects.length <= 2)
  }
  return messages.length > 0
}

function readOffer(octets: Buffer): boolean {
  try {
    const offer = decodeOffer(octets)
    agree(offer, { transports: ['tcp', 'tls'], opens: true })
    const [taken] = offer
    assert.ok(taken !== undefined)
    const path = 'msrp://gw.example:2855/s1;tcp'
    const answer = encodeAnswer(offer, taken, {
      ...{ host: '192.0.2.9', port: 2855, path, setup: 'passive', fingerprint: undefined, id: 1 },
      ...{ acceptTypes: ['text/plain'], maximumOctets: 1_000 },
    })
    assert.equal(answer.match(/^m=/gm)?.length, offer.length, 'one answer for each media')
    return true
  } catch (error) {
    if (error instanceof DecodeError) return false
    throw error
  }
}

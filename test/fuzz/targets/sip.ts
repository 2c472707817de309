import assert from 'node:assert/strict'
import {
  buildResponse,
  headerKey,
  parseDatagram,
  responseFrame,
  SipMessage,
  SipParseError,
  SipRequest,
  StreamFramer,
  uriEquals,
} from '@ipsmgw/sip'
import type { FuzzTarget } from '../target.ts'
import { SIP_MESSAGES } from './vectors.ts'

const ACCESSORS = Object.values(Object.getOwnPropertyDescriptors(SipMessage.prototype)).flatMap(({ get }) =>
  get === undefined ? [] : [get],
)
const SOURCE = { address: '192.0.2.1', port: 5060 }
/** One input of so many goes through the framer of streams as well, in pieces. */
const STREAMED = 8

/** Datagrams and streams, RFC 3261 §7 and §18.3: every header is read, and what can be answered is answered. */
export const sip: FuzzTarget = {
  name: 'sip',
  seeds: SIP_MESSAGES,
  tokens: [
    '\r\n',
    '\r',
    '\n',
    '\r\n ',
    ';',
    ',',
    '"',
    '<',
    '>',
    '%',
    ':',
    ' ',
    '\0',
    '\xff',
    '@',
    '[',
    '\\',
  ].concat([
    '=',
    '\r\nVia: ',
    '\r\nContent-Length: 99999\r\n',
    '\r\nl:-1\r\n',
    'SIP/2.0',
    'sip:',
    ';branch=',
  ]),
  maximumOctets: 65_535,
  leastReadable: 0.05,
  read(octets, random) {
    if (random(STREAMED) === 0) readStream(octets, 1 + random(200))
    const message = parsed(octets)
    const request = message instanceof SipParseError ? message.partial : message
    if (message instanceof SipMessage) readAll(message)
    if (request instanceof SipRequest) checkAnswer(request)
    return message instanceof SipMessage
  },
}

function parsed(octets: Buffer): SipMessage | SipParseError {
  try {
    return parseDatagram(octets)
  } catch (error) {
    if (error instanceof SipParseError) return error
    throw error
  }
}

/** Everything that is read lazily: each accessor may throw SipParseError, nothing else. */
function readAll(message: SipMessage): void {
  for (const accessor of ACCESSORS) tolerated(() => accessor.call(message))
  const addresses = [() => [message.from, message.to], () => message.assertedIdentities, () => message.routes]
  for (const read of addresses) tolerated(() => read().map(({ uri }) => uriEquals(uri, uri)))
  for (const [name] of message.headers) tolerated(() => message.list(headerKey(name)))
}

/** One head, no body, and no line break of the sender's. */
function checkAnswer(request: SipRequest): void {
  const answer = buildResponse(responseFrame(request, SOURCE, 'x'), 400)
  assert.equal(answer.indexOf('\r\n\r\n'), answer.length - 4)
  assert.equal(/[^\r]\n|\r[^\n]/.test(answer), false)
}

function readStream(octets: Buffer, pieceOctets: number): void {
  const framer = new StreamFramer({ message: readAll, error: () => {}, keepAlive: () => {} })
  for (let at = 0; at < octets.length; at += pieceOctets) framer.push(octets.subarray(at, at + pieceOctets))
}

function tolerated(read: () => unknown): void {
  try {
    read()
  } catch (error) {
    if (!(error instanceof SipParseError)) throw error
  }
}

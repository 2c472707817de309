import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { SipRequest } from './message.ts'
import { parseDatagram } from './parser.ts'
import { responseFrame } from './response.ts'

const FEEDBACK = { lossPercent: 20, validityMs: 500, sequence: '1282321615.782' }
const HOME = { address: '192.0.2.1', port: 5060 }

function viaOf(parameters: string, feedback = FEEDBACK): string {
  const octets = `MESSAGE tel:+447900123456 SIP/2.0\r\nVia: SIP/2.0/TCP 192.0.2.1:5060;branch=z9hG4bK1${parameters}, SIP/2.0/UDP far.example;branch=z9hG4bK2;oc\r\nFrom: <tel:+447700900111>;tag=1\r\nTo: <tel:+447900123456>\r\nCall-ID: c\r\nCSeq: 1 MESSAGE\r\nContent-Length: 0\r\n\r\n`
  const frame = responseFrame(parseDatagram(Buffer.from(octets)) as SipRequest, HOME, 'tag', feedback)
  return /^Via: (.*?)\r\n/.exec(frame)?.[1]?.split(', ')[0] ?? ''
}

describe('RFC 7339: load told to the neighbour', () => {
  test('§5.3: who offers oc by loss is told loss, validity and sequence in its own Via', () =>
    assert.equal(
      viaOf(';oc;oc-algo="loss,A"'),
      'SIP/2.0/TCP 192.0.2.1:5060;branch=z9hG4bK1;oc=20;oc-algo="loss";oc-validity=500;oc-seq=1282321615.782',
    ))

  test('§4.2: loss is what every neighbour with oc knows, named or not', () =>
    assert.match(viaOf(';rport;oc'), /;rport=5060;oc=20;.*;received=192\.0\.2\.1$/))

  test('§5.3: who offers nothing, or other schemes only, is told nothing', () => {
    assert.equal(viaOf(''), 'SIP/2.0/TCP 192.0.2.1:5060;branch=z9hG4bK1')
    assert.equal(viaOf(';oc;oc-algo="rate"'), 'SIP/2.0/TCP 192.0.2.1:5060;branch=z9hG4bK1;oc;oc-algo="rate"')
  })
})

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { DecodeError } from '@ipsmgw/bytes'
import { decodeOffer, encodeAnswer } from './index.ts'

const OFFER = [
  'v=0',
  'o=alice 2890844526 2890844527 IN IP4 alice.example.com',
  's=-',
  'c=IN IP4 alice.example.com',
  't=0 0',
  'm=audio 49170 RTP/AVP 0',
  'a=rtpmap:0 PCMU/8000',
  'm=message 7394 TCP/MSRP *',
  'a=accept-types:message/cpim text/plain',
  'a=path:msrp://alice.example.com:7394/2s93i9ek2a;tcp',
  'a=setup:active',
  'a=sendonly',
].join('\r\n')
const OWN = {
  host: '2001:db8::9',
  port: 2855,
  path: 'msrp://[2001:db8::9]:2855/s1;tcp',
  setup: 'passive',
  fingerprint: undefined,
  acceptTypes: ['message/cpim', 'text/plain'],
  maximumOctets: 4_000,
  id: 7,
} as const

describe('RFC 4975 §8: offers and answers', () => {
  test('an offer is read media by media', () => {
    const [audio, messages] = decodeOffer(Buffer.from(OFFER))
    assert.equal(audio?.transport, undefined)
    assert.deepEqual(messages, {
      line: 'm=message 7394 TCP/MSRP *',
      transport: 'tcp',
      path: ['msrp://alice.example.com:7394/2s93i9ek2a;tcp'],
      acceptTypes: ['message/cpim', 'text/plain'],
      setup: 'active',
      direction: 'sendonly',
      fingerprints: undefined,
    })
  })

  test('RFC 3264 §6: the answer has a line for each media, and takes one of them', () => {
    const offer = decodeOffer(Buffer.from(OFFER))
    const [, taken] = offer
    assert.ok(taken !== undefined)
    assert.deepEqual(encodeAnswer(offer, taken, OWN).split('\r\n'), [
      'v=0',
      'o=- 7 7 IN IP6 2001:db8::9',
      's=-',
      'c=IN IP6 2001:db8::9',
      't=0 0',
      'm=audio 0 RTP/AVP 0',
      'm=message 2855 TCP/MSRP *',
      'a=accept-types:message/cpim text/plain',
      'a=path:msrp://[2001:db8::9]:2855/s1;tcp',
      'a=setup:passive',
      'a=recvonly',
      'a=max-size:4000',
      '',
    ])
  })

  const malformed: readonly [string, string][] = [
    ['nothing', ''],
    ['no version', OFFER.replace('v=0', 'v=1')],
    ['no media', 'v=0\r\ns=-\r\n'],
    ['a line that is none', `${OFFER}\r\nhello`],
    ['a media without port', 'v=0\r\nm=message TCP/MSRP *'],
    ['a lone CR, which some take for a line break', 'v=0\r\nm=audio 1 RTP/AVP 0\rm=message 1 TCP/MSRP *'],
    ['more media than anybody needs', `v=0\r\n${'m=message 1 TCP/MSRP *\r\n'.repeat(17)}`],
    ['more lines than anybody needs', `v=0\r\n${'a=x\r\n'.repeat(300)}`],
  ]
  for (const [what, offer] of malformed)
    test(`${what} is a DecodeError`, () => {
      assert.throws(() => decodeOffer(Buffer.from(offer)), DecodeError)
    })

  test('a media that is rejected or of another kind is none to take', () => {
    for (const line of ['m=message 0 TCP/MSRP *', 'm=message 1 UDP/MSRP *', 'm=video 1 TCP/MSRP *'])
      assert.equal(decodeOffer(Buffer.from(`v=0\r\n${line}`))[0]?.transport, undefined)
  })
})

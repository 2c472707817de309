import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { describe, test } from 'node:test'
import { selfSigned } from '@ipsmgw/sip/testing'
import { addressOf } from './codec.ts'
import { decodeFingerprint, encodeFingerprint, isAnnounced } from './fingerprint.ts'
import { type Ability, agree, decodeOffer } from './index.ts'

const PATH = 'a=path:msrps://alice.example.com:7394/2s93i9ek2a;tcp'
const SHA1 = 'a=fingerprint:SHA-1 4A:AD:B9:B1:3F:82:18:3B:54:02:12:DF:3E:5D:49:6B:19:E5:7C:AB'
const ALL: Ability = { transports: ['tcp', 'tls'], opens: true }
const WAITS: Ability = { ...ALL, opens: false }
const TLS_ONLY: Ability = { transports: ['tls'], opens: true }

type Row = readonly [
  what: string,
  media: string,
  ability: Ability,
  taken: 'active' | 'passive' | undefined,
  ...lines: string[],
]

describe('RFC 6135 §4.2, RFC 4975 §8: what of an offer is taken, and who opens the connection', () => {
  const rows: readonly Row[] = [
    ['nothing said', 'TCP/MSRP', ALL, 'passive'],
    ['active', 'TCP/MSRP', ALL, 'passive', 'a=setup:active'],
    ['actpass', 'TCP/MSRP', ALL, 'passive', 'a=setup:actpass'],
    ['passive', 'TCP/MSRP', ALL, 'active', 'a=setup:passive'],
    ['passive in capitals', 'TCP/MSRP', ALL, 'active', 'a=setup:PASSIVE'],
    ['passive, to one that opens nothing', 'TCP/MSRP', WAITS, undefined, 'a=setup:passive'],
    ['holdconn', 'TCP/MSRP', ALL, undefined, 'a=setup:holdconn'],
    ['a name that every object has', 'TCP/MSRP', ALL, undefined, 'a=setup:constructor'],
    ['plain, where TLS is wanted', 'TCP/MSRP', TLS_ONLY, undefined, 'a=setup:active'],
    ['TLS with a fingerprint', 'TCP/TLS/MSRP', ALL, 'passive', 'a=setup:active', SHA1],
    ['TLS without one', 'TCP/TLS/MSRP', ALL, 'passive', 'a=setup:active'],
    ['TLS with one that proves nothing', 'TCP/TLS/MSRP', ALL, undefined, 'a=fingerprint:MD5 00:11'],
    ['a side that only receives', 'TCP/MSRP', ALL, undefined, 'a=recvonly'],
  ]
  for (const [what, media, ability, setup, ...lines] of rows)
    test(`${what}, ${media}: ${setup ?? 'not taken'}`, () => {
      const offer = decodeOffer(Buffer.from(['v=0', `m=message 7394 ${media} *`, PATH, ...lines].join('\n')))
      assert.equal(agree(offer, ability)?.setup, setup)
    })

  test('RFC 4145 §4, RFC 8122 §5: what the session says holds for media that say nothing of it', () => {
    const text = `v=0\n${SHA1}\na=setup:passive\na=inactive\nm=message 1 TCP/TLS/MSRP *\n${PATH}\na=sendrecv`
    const [media] = decodeOffer(Buffer.from(text))
    assert.deepEqual(
      [media?.fingerprints?.length, media?.setup, media?.direction],
      [1, 'passive', 'sendrecv'],
    )
  })

  test('the first media that can be taken is taken', () => {
    const text = ['m=audio 1 RTP/AVP 0', 'm=message 1 TCP/MSRP *', PATH, 'm=message 2 TCP/TLS/MSRP *', PATH]
    const offer = decodeOffer(Buffer.from(['v=0', ...text].join('\n')))
    assert.equal(agree(offer, ALL)?.media, offer[1])
    assert.equal(agree(offer, TLS_ONLY)?.media, offer[2])
  })
})

describe('RFC 8122 §5: fingerprints', () => {
  const certificate = new X509Certificate(selfSigned('gateway.ims.example').cert)
  const other = new X509Certificate(selfSigned('other.ims.example').cert)
  const announced = (...values: string[]) => values.map(decodeFingerprint).filter((it) => it !== undefined)

  test('the own one is what OpenSSL makes of the certificate', () => {
    assert.equal(encodeFingerprint(certificate.raw), `SHA-256 ${certificate.fingerprint256}`)
  })

  const rows: readonly [string, string[], boolean][] = [
    ['SHA-256', [`SHA-256 ${certificate.fingerprint256}`], true],
    ['lower case', [`sha-256 ${certificate.fingerprint256.toLowerCase()}`], true],
    ['SHA-512', [`SHA-512 ${certificate.fingerprint512}`], true],
    ['SHA-1 alone', [`SHA-1 ${certificate.fingerprint}`], true],
    ['another certificate', [`SHA-256 ${other.fingerprint256}`], false],
    ['one of two', [`SHA-256 ${other.fingerprint256}`, `SHA-256 ${certificate.fingerprint256}`], true],
    [
      'a weak one that fits beside a strong one that does not',
      [`SHA-1 ${certificate.fingerprint}`, `SHA-256 ${other.fingerprint256}`],
      false,
    ],
    ['none', [], false],
  ]
  for (const [what, values, fits] of rows)
    test(`§5.1: ${what}: ${fits ? 'it is meant' : 'it is not'}`, () => {
      assert.equal(isAnnounced(certificate.raw, announced(...values)), fits)
    })

  for (const text of ['MD5 AA:BB', 'SHA-256 AABB', 'SHA-256', 'SHA-999 AA:BB', ''])
    test(`"${text}" is no fingerprint that counts`, () => {
      assert.equal(decodeFingerprint(text), undefined)
    })
})

describe('RFC 4975 §6: where a path leads', () => {
  const rows: readonly [string, string | undefined, number?][] = [
    ['msrp://192.0.2.1:7394/2s93;tcp', '192.0.2.1', 7394],
    ['msrps://[2001:db8::9]:7394/2s93;tcp', '2001:db8::9', 7394],
    ['msrp://bob@relay.example.com:9000/x;tcp', 'relay.example.com', 9000],
    ['msrp://relay.example.com/x;tcp', 'relay.example.com', 2855],
    ['msrp://relay.example.com;tcp', 'relay.example.com', 2855],
    ['sip:alice@example.com', undefined],
    ['msrp://', undefined],
  ]
  for (const [uri, host, port = 0] of rows)
    test(uri, () => {
      assert.deepEqual(addressOf(uri), host === undefined ? undefined : { host, port })
    })
})

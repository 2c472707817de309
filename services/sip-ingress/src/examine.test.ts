import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { loadPolicy } from '@ipsmgw/policy'
import { parseDatagram, type SipRequest } from '@ipsmgw/sip'
import { anonymityOf } from './anonymity.ts'
import { type Arrival, examine } from './examine.ts'
import type { PeerConfig } from './peers.ts'

const NOW = Date.UTC(2026, 9, 24, 2, 24, 12)
const SCSCF: PeerConfig = {
  name: 'scscf',
  addresses: ['127.0.0.1'],
  tlsNames: [],
  trusted: true,
  servedUser: true,
}
const POLICY = { ...loadPolicy(), homeDomains: ['ims.example'] }
const OPTIONS = { host: 'gw.example' }

interface Shape {
  uri?: string
  headers?: string[]
  from?: string
  to?: string
  type?: string
  body?: string
  pai?: string[]
}

function message(shape: Shape = {}): SipRequest {
  const body = Buffer.from(shape.body ?? 'hello')
  const lines = [
    `MESSAGE ${shape.uri ?? 'tel:+447900123456'} SIP/2.0`,
    'Via: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK1',
    `From: ${shape.from ?? '<sip:+447700900111@ims.example;user=phone>;tag=1'}`,
    `To: ${shape.to ?? '<tel:+447900123456>'}`,
    'Call-ID: c1',
    'CSeq: 1 MESSAGE',
    ...(shape.pai ?? ['<tel:+447700900111>']).map((value) => `P-Asserted-Identity: ${value}`),
    ...(shape.type === '' ? [] : [`Content-Type: ${shape.type ?? 'text/plain'}`]),
    ...(shape.headers ?? []),
    `Content-Length: ${body.length}`,
  ]
  return parseDatagram(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), body])) as SipRequest
}

const run = (shape: Shape, arrival: Partial<Arrival> = {}) =>
  examine(message(shape), { peer: SCSCF, policy: POLICY, nowMs: NOW, merged: false, ...arrival }, OPTIONS)

describe('processing order §1.2: what is refused, with which status and headers', () => {
  const rows: readonly [string, Shape, number, (string | undefined)?, Partial<Arrival>?][] = [
    ['6 unknown Request-URI scheme', { uri: 'urn:service:sos' }, 416],
    ['6 a Request-URI that no record holds', { uri: `sip:${'x'.repeat(2048)}@ims.example` }, 414],
    ['7 foreign domain', { uri: 'sip:bob@elsewhere.example' }, 404],
    ['7 local number without a rule', { uri: 'tel:7042;phone-context=example.com' }, 404],
    ['7 number that cannot be one', { uri: 'tel:+0123' }, 484],
    ['7 local number without context', { uri: 'tel:07900123456' }, 484],
    ['7 not a subscriber’s own number', { uri: 'tel:+447900123456;ext=12' }, 404],
    ['8 To-tag without a dialog', { to: '<tel:+447900123456>;tag=x' }, 481],
    ['9 merged request', {}, 482, undefined, { merged: true }],
    ['10 unknown extension', { headers: ['Require: foo'] }, 420, 'Unsupported: foo'],
    ['11 image', { type: 'image/png' }, 415, 'Accept: text/plain'],
    ['11 gzip', { headers: ['Content-Encoding: gzip'] }, 415, 'Accept-Encoding: identity'],
    ['11 no Content-Type', { type: '' }, 400],
    ['11 empty body', { body: '' }, 400],
    [
      '13 expired',
      { headers: ['Date: Sat, 24 Oct 2026 02:24:11 GMT', 'Expires: 0'] },
      480,
      'Warning: 399 gw.example',
    ],
    ['14 no asserted identity', { pai: [] }, 403],
    [
      '14 asserted by a peer outside the trust domain',
      {},
      403,
      undefined,
      { peer: { ...SCSCF, trusted: false } },
    ],
    [
      'g originating case',
      { headers: ['P-Served-User: <sip:+447700900111@ims.example>;sescase=orig;regstate=reg'] },
      403,
    ],
    [
      'g P-Served-User from a peer that may not send it',
      { headers: ['P-Served-User: <sip:+447900123456@ims.example>;sescase=term'] },
      403,
      undefined,
      { peer: { ...SCSCF, servedUser: false } },
    ],
    ['§4.3 critical with an unknown value', { headers: ['Privacy: id;frobnicate;critical'] }, 433],
  ]
  for (const [title, shape, status, header, arrival] of rows) {
    test(`row ${title}: ${status}`, () => {
      const result = run(shape, arrival)
      assert.equal(result.kind, 'refused')
      if (result.kind !== 'refused') return
      assert.equal(result.status, status)
      const lines = result.headers.map(([name, value]) => `${name}: ${value}`)
      if (header !== undefined)
        assert.ok(
          lines.some((line) => line.startsWith(header)),
          lines.join(' | '),
        )
    })
  }

  test('row 11 broken UTF-8: 400', () => {
    const octets = message({ type: 'text/plain;charset=utf-8', body: 'xx' })
    octets.body = Buffer.from([0xc3, 0x28])
    const result = examine(octets, { peer: SCSCF, policy: POLICY, nowMs: NOW, merged: false }, OPTIONS)
    assert.equal(result.kind === 'refused' && result.status, 400)
  })
})

describe('RFC 5502, §6.2: the served user', () => {
  test('P-Served-User of a trusted S-CSCF wins over the Request-URI, with its registration state', () => {
    const result = run({
      uri: 'sip:+447911111111@ims.example;user=phone',
      headers: ['P-Served-User: <sip:+447900123456@ims.example;user=phone>;sescase=term;regstate=unreg'],
    })
    assert.deepEqual(result.kind === 'message' && result.recipient, {
      uri: 'sip:+447900123456@ims.example;user=phone',
      number: '+447900123456',
      source: 'P-Served-User',
      registered: false,
    })
  })

  test('without P-Served-User (CPM AS directly) the Request-URI is the served user', () => {
    const result = run({ uri: 'sip:alice@ims.example' })
    assert.deepEqual(result.kind === 'message' && result.recipient, {
      uri: 'sip:alice@ims.example',
      source: 'Request-URI',
    })
  })
})

describe('RFC 3325 §9.1, RFC 5876 §4.5: the sender', () => {
  test('at most one tel and one sip identity count, others are ignored', () => {
    const result = run({
      pai: ['"A" <sip:a@ims.example>', '<tel:+447700900111>', '<tel:+447700900222>', '<urn:x:y>'],
    })
    assert.deepEqual(result.kind === 'message' && result.sender.asserted.map((identity) => identity.uri), [
      'sip:a@ims.example',
      'tel:+447700900111',
    ])
  })
})

describe('RFC 5079, RFC 5379 and §4.3: is anonymity requested?', () => {
  const rows: readonly [string, Shape, boolean][] = [
    ['Privacy: id', { headers: ['Privacy: id'] }, true],
    ['Privacy: user', { headers: ['Privacy: USER'] }, true],
    ['Privacy: header', { headers: ['Privacy: header;session'] }, true],
    ['Privacy: session and history only', { headers: ['Privacy: session;history'] }, false],
    ['Privacy: critical alone', { headers: ['Privacy: critical'] }, true],
    ['Privacy: none', { headers: ['Privacy: none'] }, false],
    ['Privacy: none beside others', { headers: ['Privacy: none;session'] }, true],
    [
      'Privacy: none and an anonymous From',
      { headers: ['Privacy: none'], from: '<sip:anonymous@anonymous.invalid>;tag=1' },
      false,
    ],
    ['From host anonymous.invalid', { from: '<sip:x@anonymous.invalid>;tag=1' }, true],
    ['From display name Anonymous', { from: '"Anonymous" <sip:x@ims.example>;tag=1' }, true],
    ['From user anonymous', { from: '<sip:anonymous@ims.example>;tag=1' }, true],
    ['From unavailable@unknown.invalid', { from: '<sip:unavailable@unknown.invalid>;tag=1' }, false],
    ['no P-Asserted-Identity', { pai: [] }, false],
    [
      'CPIM From anonymous',
      {
        type: 'message/cpim',
        body: 'From: <sip:anonymous@anonymous.invalid>\r\nTo: <sip:b@x>\r\n\r\nContent-Type: text/plain\r\n\r\nhi',
      },
      false,
    ],
  ]
  for (const [title, shape, requested] of rows)
    test(`${title}: ${requested ? 'yes' : 'no'}`, () =>
      assert.equal(anonymityOf(message(shape)).kind, requested ? 'requested' : 'none'))
})

describe('CPM pager mode and charging: what is carried on', () => {
  test('imdn, thread ids and icid reach the record, Expires counts from Date', () => {
    const result = run({
      type: 'message/cpim',
      headers: [
        'Conversation-ID: conv-1',
        'Contribution-ID: contr-1',
        'P-Charging-Vector: icid-value=1234bc;icid-generated-at=192.0.2.6;orig-ioi=home1.example',
        'Date: Sat, 24 Oct 2026 02:24:11 GMT',
        'Expires: 600',
      ],
      body: [
        'From: <sip:anonymous@anonymous.invalid>',
        'To: <sip:anonymous@anonymous.invalid>',
        'NS: imdn<urn:ietf:params:imdn>',
        'imdn.Message-ID: ec1d7cf0',
        'DateTime: 2026-10-24T10:24:11.270+08:00',
        'imdn.Disposition-Notification:  positive-delivery, display',
        '',
        'Content-Transfer-Encoding: base64',
        'Content-Type: text/plain;charset=UTF-8',
        '',
        'TGFsYWxh',
      ].join('\r\n'),
    })
    assert.equal(result.kind, 'message')
    if (result.kind !== 'message') return
    assert.equal(result.text, 'Lalala')
    assert.equal(result.sender.anonymity, undefined)
    assert.equal(result.notification?.messageId, 'ec1d7cf0')
    assert.deepEqual(result.thread, { conversationId: 'conv-1', contributionId: 'contr-1' })
    assert.deepEqual(result.charging, { icid: '1234bc', origIoi: 'home1.example' })
    assert.equal(result.expiresAtMs, Date.UTC(2026, 9, 24, 2, 34, 11))
  })

  test('an incoming disposition notification is consumed', () =>
    assert.equal(run({ type: 'message/imdn+xml', body: '<imdn/>' }).kind, 'consumed'))
})

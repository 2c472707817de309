import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { EncodeError } from '@ipsmgw/bytes'
import {
  buildResponse,
  parseDatagram,
  responseFrame,
  type SipParseCode,
  SipParseError,
  SipRequest,
  SipResponse,
  serializeRequest,
  utf8View,
} from './index.ts'
import { messageOctets } from './testing/sockets.ts'

const CPM = readFileSync(new URL('../../../test/vectors/cpm-pager-message.sip', import.meta.url))
const parse = (text: string): SipRequest => {
  const message = parseDatagram(Buffer.from(text, 'latin1'))
  assert.ok(message instanceof SipRequest)
  return message
}

test('TS 23.204 §6.13 every header of a CPM pager message is read', () => {
  const message = parse(CPM.toString('latin1'))
  assert.equal(message.method, 'MESSAGE')
  assert.equal(message.uri.kind === 'sip' && message.uri.user, '+447900123456')
  assert.deepEqual(
    message.vias.map((via) => [via.transport, via.host, via.port, via.branch, via.params.get('received')]),
    [
      ['TCP', 'scscf1.ims.example', 5060, 'z9hG4bK3f1a.77c2.1', undefined],
      ['TCP', 'cpmas.ims.example', undefined, 'z9hG4bK-cpm-91', '192.0.2.20'],
    ],
  )
  assert.deepEqual(
    message.routes.map((route) => route.uriText),
    ['sip:ipsmgw.ims.example:5060;transport=tcp;lr', 'sip:odi_5kq@scscf1.ims.example;lr'],
  )
  assert.deepEqual(
    message.assertedIdentities.map((identity) => identity.uri.scheme),
    ['sip', 'tel'],
  )
  assert.equal(message.servedUser?.sescase, 'term')
  assert.equal(message.servedUser?.regstate, 'unreg')
  assert.equal(message.contentType?.mediaType, 'message/cpim')
  assert.equal(message.dateMs, Date.UTC(2026, 9, 24, 2, 24, 11))
  assert.equal(message.contentLength, message.body.length)
  assert.equal(message.headers.get('p-asserted-service'), 'urn:urn-7:3gpp-service.ims.icsi.oma.cpm.msg')
  assert.deepEqual(message.privacy, [])
  assert.equal(message.expires, undefined)
})

test('RFC 3261 §7.3.3 compact names, any case, order and unknown headers are kept', () => {
  const message = parse(
    messageOctets({ From: '', f: '<sip:a@b>;tag=1', 'Call-ID': '', I: 'x', 'X-New': 'a', 'x-NEW': 'b, c' }),
  )
  assert.equal(message.from.tag, '1')
  assert.equal(message.callId, 'x')
  assert.deepEqual(message.headers.all('x-new'), ['a', 'b, c'])
  assert.deepEqual(message.list('x-new'), ['a', 'b', 'c'])
  assert.deepEqual([...message.headers].slice(-2), [
    ['X-New', 'a'],
    ['x-NEW', 'b, c'],
  ])
})

test('RFC 3261 §7.3.1 a folded value is one line; octets that are not ASCII survive', () => {
  const message = parse(messageOctets({ Subject: 'gr\xc3\xbc\xc3\x9fe\r\n\t  aus  ', 'X-Empty': '' }))
  assert.equal(message.headers.get('subject'), 'gr\xc3\xbc\xc3\x9fe aus')
  assert.equal(utf8View(message.headers.get('subject') ?? ''), 'grüße aus')
})

test('RFC 3323 §4.2 Privacy: several lines, both separators, any case', () => {
  const message = parse(messageOctets({ Privacy: 'ID;Header\r\nPrivacy: user , critical' }))
  assert.deepEqual(message.privacy, ['id', 'header', 'user', 'critical'])
})

test('RFC 3261 §20 scalars, token lists and dates', () => {
  const message = parse(
    messageOctets({
      Require: 'a, B',
      Supported: 'path',
      Expires: '99999999999',
      Date: 'Sat, 31 Feb 2026 00:00:00 GMT',
      'Content-Encoding': 'GZip',
    }),
  )
  assert.deepEqual(message.require, ['a', 'B'])
  assert.deepEqual(message.supported, ['path'])
  assert.deepEqual(message.contentEncodings, ['gzip'])
  assert.equal(message.expires, 0xffff_ffff)
  assert.equal(message.dateMs, undefined)
})

test('RFC 3261 §18.3 octets behind the body are ignored; without Content-Length the body is the rest', () => {
  assert.equal(parse(`${messageOctets({ 'Content-Length': '2' })}`).body.toString(), 'he')
  assert.equal(parse(messageOctets({ 'Content-Length': '' })).body.toString(), 'hello')
  assert.equal(parse(`\r\n\r\n${messageOctets()}`).body.toString(), 'hello')
})

const REFUSED: ReadonlyArray<[string, string, SipParseCode, number]> = [
  ['a datagram that ends before the body', messageOctets({ 'Content-Length': '6' }), 'contentLength', 400],
  ['Content-Length that is no number', messageOctets({ 'Content-Length': 'five' }), 'contentLength', 400],
  [
    'two Content-Lengths',
    messageOctets({ 'Content-Length': '5\r\nContent-Length: 4' }),
    'contentLength',
    400,
  ],
  ['no Call-ID', messageOctets({ 'Call-ID': '' }), 'missingHeader', 400],
  ['no From', messageOctets({ From: '' }), 'missingHeader', 400],
  ['no To', messageOctets({ To: '' }), 'missingHeader', 400],
  ['no CSeq', messageOctets({ CSeq: '' }), 'missingHeader', 400],
  ['two From', messageOctets({ f: '<sip:a@b>;tag=1' }), 'duplicateHeader', 400],
  ['two Content-Type', messageOctets({ c: 'text/html' }), 'duplicateHeader', 400],
  ['CSeq of another method', messageOctets({ CSeq: '1 OPTIONS' }), 'headerValue', 400],
  ['CSeq above 2^32-1', messageOctets({ CSeq: '4294967296 MESSAGE' }), 'headerValue', 400],
  ['a header line without a colon', messageOctets({ 'X\r\nbroken line\r\nY': '1' }), 'headerSyntax', 400],
  ['a bare CR', messageOctets({ Subject: 'a\rb' }), 'headerSyntax', 400],
  ['a bare LF', messageOctets({ Subject: 'a\nb: c' }), 'headerSyntax', 400],
  ['no empty line', messageOctets({}, '').slice(0, -2), 'truncated', 400],
  ['a version of tomorrow', messageOctets().replace('SIP/2.0\r\n', 'SIP/3.0\r\n'), 'version', 505],
  ['a Request-URI in brackets', messageOctets().replace(/sip:\S+ SIP/, '<sip:a@b> SIP'), 'uri', 400],
  ['a malformed Request-URI', messageOctets().replace(/sip:\S+ SIP/, 'sip:a@@b SIP'), 'uri', 400],
  ['Max-Forwards that is no number', messageOctets({ 'Max-Forwards': 'x' }), 'headerValue', 400],
  [
    'a broken parameter of the top Via',
    messageOctets({ Via: 'SIP/2.0/UDP h;branch=z9hG4bKx;;' }),
    'headerValue',
    400,
  ],
  ['a line above the limit', messageOctets({ 'X-Long': 'x'.repeat(8192) }), 'tooLarge', 513],
]

for (const [title, text, code, status] of REFUSED) {
  test(`RFC 3261 §8.2 ${title}: ${status}, with a request to answer`, () => {
    assert.throws(
      () => parse(text),
      (error: unknown) =>
        error instanceof SipParseError &&
        error.code === code &&
        error.status === status &&
        error.partial !== undefined,
    )
  })
}

const DROPPED: ReadonlyArray<[string, string]> = [
  ['no Via', messageOctets({ Via: '' })],
  ['a top Via without sent-by', messageOctets({ Via: 'SIP/2.0/UDP' })],
  ['an ACK with a fault', messageOctets({ CSeq: 'x' }, '', 'ACK')],
  ['a response with a fault', 'SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP h\r\n\r\n'],
  ['a status above 699', 'SIP/2.0 700 Hm\r\nVia: SIP/2.0/UDP h\r\n\r\n'],
  ['nothing', ''],
  ['noise', '\x00\xff\x80'],
]

for (const [title, text] of DROPPED) {
  test(`RFC 3261 §18 ${title}: refused without anything to answer`, () => {
    assert.throws(
      () => parse(text),
      (error: unknown) => error instanceof SipParseError && error.partial === undefined,
    )
  })
}

test('RFC 3261 §18.3 every truncation of the CPM message is refused', () => {
  for (let end = 0; end < CPM.length; end++) {
    assert.throws(() => parseDatagram(CPM.subarray(0, end)), SipParseError, `cut at ${end}`)
  }
})

const ORIGIN = { address: '192.0.2.9', port: 40_000 }
const viaOf = (via: string, origin = ORIGIN): string =>
  responseFrame(parse(messageOctets({ Via: via })), origin, 't').split('\r\n')[0] ?? ''

test('RFC 3261 §18.2.1, RFC 3581 §4: received and rport of the top Via', () => {
  const rows: ReadonlyArray<[string, string]> = [
    ['SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bKa', 'Via: SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bKa'],
    ['SIP/2.0/UDP h;branch=z9hG4bKa', 'Via: SIP/2.0/UDP h;branch=z9hG4bKa;received=192.0.2.9'],
    [
      'SIP/2.0/UDP h;rport;branch=z9hG4bKa',
      'Via: SIP/2.0/UDP h;rport=40000;branch=z9hG4bKa;received=192.0.2.9',
    ],
    ['SIP/2.0/UDP h;received=1.2.3.4', 'Via: SIP/2.0/UDP h;received=192.0.2.9'],
    ['SIP/2.0/UDP h;a=1, SIP/2.0/TCP i;b', 'Via: SIP/2.0/UDP h;a=1;received=192.0.2.9, SIP/2.0/TCP i;b'],
  ]
  for (const [written, expected] of rows) assert.equal(viaOf(written), expected)
  assert.equal(
    viaOf('SIP/2.0/UDP [2001:db8::1]', { address: '2001:db8::1', port: 1 }),
    'Via: SIP/2.0/UDP [2001:db8::1]',
  )
})

test('RFC 3261 §8.2.6.2 a response copies Via list, From, To with tag, Call-ID and CSeq', () => {
  const message = parse(CPM.toString('latin1'))
  const frame = responseFrame(message, { address: '192.0.2.1', port: 5060 }, 'gw-1')
  const text = buildResponse(frame, 480, '', {
    Reason: 'Q.850;cause=20',
    Warning: ['399 a "b"', '399 c "d"'],
  })
  assert.equal(
    text,
    [
      'SIP/2.0 480 Temporarily Unavailable',
      'Via: SIP/2.0/TCP scscf1.ims.example:5060;branch=z9hG4bK3f1a.77c2.1;received=192.0.2.1',
      'Via: SIP/2.0/TCP cpmas.ims.example;branch=z9hG4bK-cpm-91;received=192.0.2.20',
      'From: <sip:+447700900111@ims.example;user=phone>;tag=7f21',
      'To: <tel:+447900123456>;tag=gw-1',
      'Call-ID: 906564884j171@cpmas.ims.example',
      'CSeq: 100 MESSAGE',
      'Reason: Q.850;cause=20',
      'Warning: 399 a "b"',
      'Warning: 399 c "d"',
      'Content-Length: 0',
      '',
      '',
    ].join('\r\n'),
  )
  const parsed = parseDatagram(Buffer.from(text, 'latin1'))
  assert.ok(parsed instanceof SipResponse)
  assert.equal(parsed.status, 480)
})

test('RFC 3261 §7.3.1 a header value can never start another line, nor a name hold a colon', () => {
  for (const headers of [{ Reason: 'a\r\nX: y' }, { Reason: 'a\0' }, { 'X: y\r\nZ': 'a' }, { '': 'a' }]) {
    assert.throws(() => buildResponse('', 200, '', headers), EncodeError)
  }
  assert.throws(() => buildResponse('', 200, 'OK\r\nX: y'), EncodeError)
  assert.throws(() => buildResponse('', 99), EncodeError)
  assert.throws(() => serializeRequest('MESS AGE', 'sip:a@b', []), EncodeError)
  assert.throws(() => serializeRequest('MESSAGE', 'sip:a@b c', []), EncodeError)
})

test('RFC 3261 §7.3.1 text beyond latin1 is sent as UTF-8, octet strings as they are', () => {
  const text = buildResponse('', 200, '', { 'X-Text': 'Ж', 'X-Octets': '\xc3\xbc' }, 'Ж')
  assert.ok(text.includes('X-Text: \xd0\x96\r\n') && text.includes('X-Octets: \xc3\xbc\r\n'))
  assert.ok(text.endsWith('Content-Length: 2\r\n\r\n\xd0\x96'))
})

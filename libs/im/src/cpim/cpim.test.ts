import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EncodeError } from '@ipsmgw/bytes'
import { buildCpim, type CpimInput, type CpimMessage, parseCpim, readBody, type TextBody } from '../index.ts'

const crlf = (text: string) => text.replaceAll('\n', '\r\n')
const CONTENT = '\nContent-Type: text/plain;charset=UTF-8\n\nLalala'

/** The pager-mode message of a CPM server: base64 inside, no space behind the prefix, two spaces, anonymous URIs. */
const CPM_PAGER_MODE = crlf(`From: <sip:anonymous@anonymous.invalid>
To: <sip:anonymous@anonymous.invalid>
NS: imdn<urn:ietf:params:imdn>
imdn.Message-ID: ec1d7cf0-f7cd-1038-908d-8b757c563a3f
DateTime: 2026-10-24T10:24:11.270+08:00
imdn.Disposition-Notification:  positive-delivery, display, interworking

Content-Transfer-Encoding: base64
Content-Type: text/plain;charset=UTF-8
Content-Length: 8

TGFsYWxh
`)

function read(body: string | Buffer): TextBody {
  const result = readBody({ contentType: 'message/cpim', body: Buffer.from(body) })
  assert.ok(result.ok && result.kind === 'text', JSON.stringify(result))
  return result
}

function messageOf(headers: string): CpimMessage {
  const reading = parseCpim(Buffer.from(crlf(headers + CONTENT)))
  assert.ok(reading.kind === 'message', reading.kind)
  return reading.message
}

test('RFC 3862: the pager-mode message of a CPM server is read whole', () => {
  const { text, cpim, imdn, mediaType } = read(CPM_PAGER_MODE)
  assert.equal(text, 'Lalala')
  assert.equal(mediaType, 'text/plain')
  assert.equal(cpim?.from?.uri, 'sip:anonymous@anonymous.invalid')
  assert.deepEqual(imdn, {
    messageId: 'ec1d7cf0-f7cd-1038-908d-8b757c563a3f',
    dateTime: '2026-10-24T10:24:11.270+08:00',
    dispositions: ['positive-delivery', 'display', 'interworking'],
    recordRoute: [],
  })
})

const strict = crlf(`From: "Alice" <sip:alice@example.com>
To: <sip:bob@example.com>
DateTime: 2026-10-24T10:24:11Z
NS: imdn <urn:ietf:params:imdn>
imdn.Message-ID: id1
imdn.Disposition-Notification: positive-delivery

Content-Type: text/plain

Hello`)

const TOLERANCES: readonly (readonly [what: string, body: string])[] = [
  ['the strict form', strict],
  ['no blank line before the MIME headers', strict.replace('\r\n\r\nContent-Type', '\r\nContent-Type')],
  ['no blank line, in lower case', strict.replace('\r\n\r\nContent-Type', '\r\ncontent-type')],
  ['NS without the space', strict.replace('imdn <urn', 'imdn<urn')],
  ['two spaces after the colon', strict.replaceAll(': ', ':  ')],
  ['no space after the colon', strict.replaceAll(': ', ':')],
  [
    'Content-type and Content-length in other case',
    strict.replace('Content-Type', 'Content-length: 5\r\nCONTENT-type'),
  ],
  ['no > at the end of From', strict.replace('alice@example.com>', 'alice@example.com')],
  ['a wrong inner Content-Length', strict.replace('Content-Type', 'Content-Length: 3\r\nContent-Type')],
  [
    'an inner Content-Length above what is there',
    strict.replace('Content-Type', 'Content-Length: 99999\r\nContent-Type'),
  ],
  [
    'an inner Content-Length that is no number',
    strict.replace('Content-Type', 'Content-Length: x\r\nContent-Type'),
  ],
  [
    'base64 with trailing line ends',
    strict
      .replace('Hello', 'SGVsbG8=\r\n\r\n')
      .replace('Content-Type', 'Content-Transfer-Encoding: base64\r\nContent-Type'),
  ],
  [
    'quoted-printable',
    strict
      .replace('Hello', 'H=65llo')
      .replace('Content-Type', 'Content-Transfer-Encoding: quoted-printable\r\nContent-Type'),
  ],
  ['bare LF everywhere', strict.replaceAll('\r\n', '\n')],
  ['another prefix for the namespace', strict.replaceAll('imdn.', 'x-1.').replace('NS: imdn', 'NS: x-1')],
  ['the namespace in other case', strict.replace('<urn:ietf:params:imdn>', '<URN:IETF:params:imdn>')],
  ['folded MIME headers', strict.replace('text/plain', 'text/plain;\r\n charset=utf-8')],
]

for (const [what, body] of TOLERANCES) {
  test(`RFC 3862 tolerance: ${what}`, () => {
    const { text, cpim, imdn } = read(body)
    assert.equal(text, 'Hello')
    assert.deepEqual(cpim?.from, { uri: 'sip:alice@example.com', displayName: 'Alice' })
    assert.deepEqual(cpim?.to, [{ uri: 'sip:bob@example.com' }])
    assert.deepEqual([imdn?.messageId, imdn?.dispositions], ['id1', ['positive-delivery']])
  })
}

const DATES = [
  '2026-10-24T10:24:11.270+08:00',
  '2026-10-24T02:24:11.27Z',
  '2026-10-24T02:24:11Z',
  'yesterday',
]

for (const date of DATES) {
  test(`RFC 5438 §7.2: DateTime ${date} is kept as written, for the notification to echo`, () => {
    assert.equal(messageOf(`DateTime: ${date}\n`).dateTime, date)
  })
}

test('RFC 3862 §2.2: an undeclared prefix is kept and matches nothing', () => {
  const message = messageOf('imdn.Message-ID: id1\n')
  assert.equal(message.messageId, undefined)
  assert.deepEqual(message.headers, [
    { namespace: undefined, prefix: 'imdn', name: 'Message-ID', value: 'id1' },
  ])
})

test('RFC 3862 §2.2: NS without a prefix changes the default for what follows', () => {
  const message = messageOf('From: <sip:a@b>\nNS: <urn:ietf:params:imdn>\nMessage-ID: id1\nTo: <sip:c@d>\n')
  assert.equal(message.from?.uri, 'sip:a@b')
  assert.equal(message.messageId, 'id1')
  assert.deepEqual(message.to, [])
})

test('RFC 3862 §2: names are case-sensitive', () => {
  assert.equal(messageOf('from: <sip:a@b>\n').from, undefined)
})

const ADDRESSES = [
  ['<sip:a@b>', { uri: 'sip:a@b' }],
  ['Alice <sip:a@b>', { uri: 'sip:a@b', displayName: 'Alice' }],
  ['"Al\\"i<c\\u00e9" <sip:a@b>', { uri: 'sip:a@b', displayName: 'Al"i<cé' }],
  ['sip:a@b', { uri: 'sip:a@b' }],
  ['"Alice" sip:a@b', { uri: 'sip:a@b', displayName: 'Alice' }],
  ['<sip:a@b', { uri: 'sip:a@b' }],
  ['<tel:+447700900111>;x=y', { uri: 'tel:+447700900111' }],
  ['<>', undefined],
  ['"Alice"', undefined],
  ['', undefined],
] as const

for (const [value, expected] of ADDRESSES) {
  test(`RFC 3862 §4.1: From ${JSON.stringify(value)}`, () => {
    assert.deepEqual(messageOf(`From: ${value}\n`).from, expected)
  })
}

test('RFC 3862 §4: several To and cc are kept in order', () => {
  const message = messageOf('To: <sip:a@b>\nTo: C <sip:c@d>\ncc: <sip:e@f>\ncc: <sip:g@h>\n')
  assert.deepEqual(message.to, [{ uri: 'sip:a@b' }, { uri: 'sip:c@d', displayName: 'C' }])
  assert.deepEqual(
    message.cc.map(({ uri }) => uri),
    ['sip:e@f', 'sip:g@h'],
  )
})

const VALUES = [
  ['plain', 'plain'],
  ['a\\\\b\\"c\\\'d', 'a\\b"c\'d'],
  ['\\b\\t\\n\\r', '\b\t\n\r'],
  ['\\u00e9\\uD83D\\uDE00', 'é😀'],
  ['\\uD83D', '\ufffd'],
  ['\\x \\u12', '\\x \\u12'],
  ['end\\', 'end\\'],
] as const

for (const [value, expected] of VALUES) {
  test(`RFC 3862 §2.3: the value ${value} is unescaped`, () => {
    assert.equal(messageOf(`Subject: ${value}\n`).subject, expected)
  })
}

test('RFC 3862 §4.6: parameters stand before the value', () => {
  const message = messageOf('Subject:;LANG=fr;x Objet de message\n')
  assert.equal(message.subject, 'Objet de message')
  assert.deepEqual(message.headers[0]?.parameters, { lang: 'fr', x: '' })
})

const REQUIREMENTS: readonly (readonly [headers: string, expected: string])[] = [
  ['Require: From, Subject\n', 'message'],
  ['NS: i <urn:ietf:params:imdn>\nRequire: i.Message-ID\n', 'message'],
  ['Require: i.Message-ID\nNS: i <urn:ietf:params:imdn>\n', 'message'],
  ['Require: Vital\n', 'Vital'],
  ['NS: v <urn:example:v>\nRequire: From , v.Option\n', 'v.Option'],
  ['Require: imdn.Message-ID\n', 'imdn.Message-ID'],
]

for (const [headers, expected] of REQUIREMENTS) {
  test(`RFC 3862 §4.7: ${JSON.stringify(headers)} gives ${expected}`, () => {
    const reading = parseCpim(Buffer.from(crlf(headers + CONTENT)))
    assert.equal(reading.kind === 'unknownRequirement' ? reading.name : reading.kind, expected)
  })
}

test('RFC 3862 §4.7: an unknown requirement is 415 with a warning', () => {
  const result = readBody({
    contentType: 'message/cpim',
    body: Buffer.from(crlf(`Require: Vital\n${CONTENT}`)),
  })
  assert.ok(!result.ok)
  assert.deepEqual(
    [result.status, result.reason, result.warning],
    [415, 'unsupportedRequire', 'CPIM requires Vital'],
  )
})

const NS = 'NS: imdn <urn:ietf:params:imdn>\n'
const ASKED: readonly (readonly [headers: string, expected: readonly string[] | undefined])[] = [
  ['imdn.Disposition-Notification: positive-delivery\n', ['positive-delivery']],
  [
    'imdn.Disposition-Notification: negative-delivery,processing ,display\n',
    ['negative-delivery', 'processing', 'display'],
  ],
  [
    'imdn.Disposition-Notification: positive-delivery;x=y, interworking;z\n',
    ['positive-delivery', 'interworking'],
  ],
  ['imdn.Disposition-Notification: telepathy, display, display\n', ['display']],
  ['imdn.Disposition-Notification: \n', undefined],
  ['imdn.Disposition-Notification: telepathy\n', undefined],
  ['', undefined],
]

for (const [headers, expected] of ASKED) {
  test(`RFC 5438 §6.2: ${JSON.stringify(headers)} asks for ${expected?.join() ?? 'nothing'}`, () => {
    const base = `${NS}DateTime: 2026-10-24T02:24:11Z\nimdn.Message-ID: id1\n`
    assert.deepEqual(read(crlf(base + headers + CONTENT)).imdn?.dispositions, expected)
  })
}

test('RFC 5438: without Message-ID or DateTime no notification can be sent', () => {
  const asked = `${NS}imdn.Disposition-Notification: display\n`
  assert.equal(read(crlf(`${asked}DateTime: 2026-10-24T02:24:11Z\n${CONTENT}`)).imdn, undefined)
  assert.equal(read(crlf(`${asked}imdn.Message-ID: id1\n${CONTENT}`)).imdn, undefined)
})

test('RFC 5438 §6: Original-To and IMDN-Record-Route are handed on in order', () => {
  const headers = `${NS}DateTime: d\nimdn.Message-ID: i\nimdn.Disposition-Notification: display
imdn.Original-To: <sip:o@x>\nimdn.IMDN-Record-Route: <sip:r1@x>\nimdn.IMDN-Record-Route: <sip:r2@x>\n`
  const { imdn } = read(crlf(headers + CONTENT))
  assert.deepEqual([imdn?.originalTo, imdn?.recordRoute], ['sip:o@x', ['sip:r1@x', 'sip:r2@x']])
})

test('RFC 5438 §7.1: a notification in CPIM is consumed, its CPIM headers are there', () => {
  const body = crlf(`From: <sip:b@x>\nTo: <sip:a@x>\n${NS}imdn.Message-ID: n1

Content-type: message/imdn+xml
Content-Disposition: notification

<imdn xmlns="urn:ietf:params:xml:ns:imdn"/>`)
  const result = readBody({ contentType: 'message/cpim', body: Buffer.from(body) })
  assert.ok(result.ok && result.kind === 'notification')
  assert.equal(result.cpim?.messageId, 'n1')
})

test('the outer CPIM message speaks for a nested one', () => {
  const body = crlf(`From: <sip:outer@x>\n\nContent-Type: message/cpim\n\nFrom: <sip:inner@x>\n${CONTENT}`)
  assert.equal(read(body).cpim?.from?.uri, 'sip:outer@x')
})

const INPUT: CpimInput = {
  from: { uri: 'tel:+447900123456', displayName: 'A "quoted" \\ näme' },
  to: [{ uri: 'sip:+447700900111@ims.example;user=phone' }],
  cc: [{ uri: 'sip:c@ims.example' }],
  dateTime: '2026-10-24T02:24:17Z',
  subject: 'Line\r\nbreak: yes',
  imdn: { messageId: '5b0c0f0e8a7d4f4d9c55', dispositionNotification: ['positive-delivery', 'interworking'] },
  extensions: [
    {
      prefix: 'cpm',
      namespace: 'http://www.openmobilealliance.org/cpm/',
      name: 'Payload-Type',
      value: 'text/plain',
    },
  ],
  content: { type: 'text/plain;charset=utf-8', octets: Buffer.from('Grüße') },
}

test('RFC 3862 §3: the builder writes CRLF, one space, declared prefixes and escaped values', () => {
  assert.equal(
    buildCpim(INPUT).toString('utf8'),
    crlf(`From: "A \\"quoted\\" \\\\ näme" <tel:+447900123456>
To: <sip:+447700900111@ims.example;user=phone>
cc: <sip:c@ims.example>
NS: imdn <urn:ietf:params:imdn>
imdn.Message-ID: 5b0c0f0e8a7d4f4d9c55
imdn.Disposition-Notification: positive-delivery, interworking
DateTime: 2026-10-24T02:24:17Z
Subject: Line\\r\\nbreak: yes
NS: cpm <http://www.openmobilealliance.org/cpm/>
cpm.Payload-Type: text/plain

Content-Type: text/plain;charset=utf-8
Content-Length: 7

Grüße`),
  )
})

test('RFC 3862: what was built reads back', () => {
  const { text, cpim, imdn } = read(buildCpim(INPUT))
  assert.equal(text, 'Grüße')
  assert.deepEqual([cpim?.from, cpim?.to, cpim?.cc], [INPUT.from, INPUT.to, INPUT.cc])
  assert.deepEqual([cpim?.dateTime, cpim?.subject], [INPUT.dateTime, INPUT.subject])
  assert.deepEqual(imdn?.dispositions, INPUT.imdn?.dispositionNotification)
  assert.equal(
    cpim?.headers.find(({ name }) => name === 'Payload-Type')?.namespace,
    INPUT.extensions?.[0]?.namespace,
  )
})

test('RFC 2045 §6.8: the builder writes base64 in lines of 76, and counts the encoded octets', () => {
  const octets = Buffer.from('long text '.repeat(30))
  const content = { type: 'text/plain', transferEncoding: 'base64' as const, octets }
  const built = buildCpim({ ...INPUT, content }).toString('latin1')
  const [, encoded = ''] = built.split(/Content-Length: \d+\r\n\r\n/)
  assert.ok(encoded.split('\r\n').every((line) => line.length <= 76))
  assert.match(built, new RegExp(`Content-Length: ${encoded.length}\r\n`))
  assert.equal(read(built).text, octets.toString())
})

const UNBUILDABLE: readonly (readonly [what: string, change: Partial<CpimInput>])[] = [
  ['a URI with a line break', { from: { uri: 'sip:a@b\r\nTo: x' } }],
  ['a URI that closes its bracket', { from: { uri: 'sip:a@b>' } }],
  ['a URI without a scheme', { to: [{ uri: 'alice' }] }],
  ['a message id with a space', { imdn: { messageId: 'a b' } }],
  ['a message id with a line break', { imdn: { messageId: 'a\r\nb' } }],
  ['a disposition that is no token', { imdn: { messageId: 'a', dispositionNotification: ['a,b'] } }],
  ['a Content-Type with a line break', { content: { type: 'text/plain\r\nX: y', octets: Buffer.alloc(0) } }],
  [
    'an extension name with a dot',
    { extensions: [{ prefix: 'a', namespace: 'urn:a', name: 'b.c', value: '' }] },
  ],
  [
    'a prefix for two namespaces',
    { extensions: [{ prefix: 'imdn', namespace: 'urn:a', name: 'b', value: '' }] },
  ],
]

for (const [what, change] of UNBUILDABLE) {
  test(`RFC 3862 §3: ${what} is an EncodeError`, () => {
    assert.throws(() => buildCpim({ ...INPUT, ...change }), EncodeError)
  })
}

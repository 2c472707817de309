import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { rawUdp } from '../support/raw-sip.ts'
import { GatewayInLab, SCSCF, STRANGER } from './gateway.ts'
import { type Lines, request } from './raw-request.ts'

/** The default policy, and the one with every switch of bodies the other way. */
const PLAIN = SCSCF
const SWITCHED = STRANGER
const BODIES = { html: 'strip', rcsXml: 'link', isComposing: 'consume', subject: 'prefix' }
const ACCEPTED = 'text/plain, message/cpim, multipart/mixed, multipart/alternative'

let numbers = 447_900_680_000
const anybody = () => String(++numbers)

const typed = (type: string | undefined, body: string | Buffer = 'Hello', more: string[] = []): Lines => ({
  'Content-Type': type,
  body,
  more,
})
const ADDRESSES = 'From: <sip:a@b>\r\nTo: <sip:c@d>\r\n'
const cpim = (inner: string, headers = '') => typed('message/cpim', `${ADDRESSES}${headers}\r\n${inner}`)
const TEXT = 'Content-Type: text/plain;charset=utf-8\r\n\r\nHello'
const PICTURE = 'Content-Type: image/png\r\n\r\nx'
const multi = (subtype: string, parts: readonly string[], parameters = ''): Lines =>
  typed(
    `multipart/${subtype};boundary="b b"${parameters}`,
    ['preamble', ...parts.map((part) => `--b b\r\n${part}`), '--b b--', 'epilogue'].join('\r\n'),
  )
const FILE = `<file xmlns="urn:gsma:params:xml:ns:rcs:rcs:fthttp"><file-info type="thumbnail"><data url="https://x.example/t"/></file-info><file-info type="file"><data url="https://x.example/f?a=1&amp;b=2"/></file-info></file>`
const PLACE = `<rcsenvelope xmlns="urn:gsma:params:xml:ns:rcs:rcs:geolocation"><rcspushlocation label="Home"><geopriv><gml:pos>48.137 11.575</gml:pos></geopriv></rcspushlocation></rcsenvelope>`

/** Text on the phone; nothing when it is answered 200 and dropped; or a refusal. */
type Outcome = { readonly text: string } | 'dropped' | 400 | 413 | 415 | 493

interface Row {
  readonly what: string
  readonly lines: Lines
  readonly plain: Outcome
  /** Where switches make a difference. */
  readonly switched?: Outcome
}

const hello = { text: 'Hello' } as const

/** docs/protocols/bodies.md "Content types", row by row. */
const TYPES: readonly Row[] = [
  { what: 'text/plain', lines: typed('text/plain'), plain: hello },
  { what: 'text/plain, capitals', lines: typed('TEXT/Plain; CHARSET=UTF-8'), plain: hello },
  { what: 'text/plain, us-ascii', lines: typed('text/plain;charset=us-ascii'), plain: hello },
  {
    what: 'text/plain, iso-8859-1',
    lines: typed('text/plain;charset=iso-8859-1', Buffer.from([0xe4, 0xf6])),
    plain: { text: 'äö' },
  },
  {
    what: 'text/plain, iso-8859-15',
    lines: typed('text/plain;charset=iso-8859-15', Buffer.from([0xa4])),
    plain: { text: '€' },
  },
  {
    what: 'text/plain, windows-1252',
    lines: typed('text/plain;charset=windows-1252', Buffer.from([0x80])),
    plain: { text: '€' },
  },
  {
    what: 'text/plain, utf-16',
    lines: typed('text/plain;charset=utf-16', Buffer.from([0xff, 0xfe, 0x48, 0x00, 0x69, 0x00])),
    plain: { text: 'Hi' },
  },
  { what: 'text/plain, another charset', lines: typed('text/plain;charset=ebcdic-us'), plain: 415 },
  { what: 'message/cpim', lines: cpim(TEXT), plain: hello },
  { what: 'message/cpim, a type inside that is refused', lines: cpim(PICTURE), plain: 415 },
  {
    what: 'message/cpim, a multipart inside',
    lines: cpim(`Content-Type: multipart/mixed;boundary=b\r\n\r\n--b\r\n${TEXT}\r\n--b--`),
    plain: hello,
  },
  {
    what: 'multipart/mixed',
    lines: multi('mixed', [TEXT, 'Content-Type: text/plain\r\n\r\nBob']),
    plain: { text: 'Hello\nBob' },
  },
  {
    what: 'multipart/mixed, a required part that cannot be shown',
    lines: multi('mixed', [TEXT, PICTURE]),
    plain: 415,
  },
  {
    what: 'multipart/mixed, an optional part that cannot be shown',
    lines: multi('mixed', [TEXT, `Content-Disposition: render;handling=optional\r\n${PICTURE}`]),
    plain: hello,
  },
  {
    what: 'multipart/mixed, transfer encodings',
    lines: multi('mixed', [
      'Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\nSGVsbG8=',
      'Content-Type: text/plain;charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nB=C3=B6b',
    ]),
    plain: { text: 'Hello\nBöb' },
  },
  {
    what: 'multipart/alternative: the last part that can be shown',
    lines: multi('alternative', ['Content-Type: text/plain\r\n\r\nplain', TEXT, PICTURE]),
    plain: hello,
  },
  { what: 'multipart/alternative: none', lines: multi('alternative', [PICTURE, PICTURE]), plain: 415 },
  { what: 'other multipart: like mixed', lines: multi('related', [TEXT]), plain: hello },
  {
    what: 'multipart/signed: the first part',
    lines: multi('signed', [TEXT, 'Content-Type: application/pkcs7-signature\r\n\r\nx']),
    plain: hello,
  },
  { what: 'multipart/encrypted', lines: multi('encrypted', [TEXT]), plain: 493 },
  {
    what: 'multipart, 5 levels',
    lines: typed('multipart/mixed;boundary=b0', nested(5)),
    plain: 413,
  },
  { what: 'multipart, 4 levels', lines: typed('multipart/mixed;boundary=b0', nested(4)), plain: hello },
  { what: 'multipart, 17 parts', lines: multi('mixed', Array(17).fill(TEXT)), plain: 413 },
  { what: 'message/imdn+xml', lines: typed('message/imdn+xml', '<imdn/>'), plain: 'dropped' },
  {
    what: 'message/imdn+xml inside CPIM',
    lines: cpim('Content-Type: message/imdn+xml\r\n\r\n<imdn/>'),
    plain: 'dropped',
  },
  {
    what: 'application/im-iscomposing+xml',
    lines: typed('application/im-iscomposing+xml', '<isComposing/>'),
    plain: 415,
    switched: 'dropped',
  },
  {
    what: 'text/html',
    lines: typed('text/html', '<p>Hello <b>Bob</b> &amp; Eve</p><script>no()</script>'),
    plain: 415,
    switched: { text: 'Hello Bob & Eve' },
  },
  {
    what: 'application/vnd.gsma.rcs-ft-http+xml',
    lines: typed('application/vnd.gsma.rcs-ft-http+xml', FILE),
    plain: 415,
    switched: { text: 'https://x.example/f?a=1&b=2' },
  },
  {
    what: 'application/vnd.gsma.rcspushlocation+xml',
    lines: typed('application/vnd.gsma.rcspushlocation+xml', PLACE),
    plain: 415,
    switched: { text: 'Home\ngeo:48.137,11.575' },
  },
  ...['image/png', 'audio/amr', 'video/mp4', 'application/pdf', 'application/vnd.3gpp.sms'].map((type) => ({
    what: type,
    lines: typed(type),
    plain: 415 as const,
  })),
  { what: 'application/pkcs7-mime', lines: typed('application/pkcs7-mime'), plain: 493 },
  { what: 'no body', lines: typed('text/plain', ''), plain: 400 },
  { what: 'body without Content-Type', lines: typed(undefined), plain: 400 },
  {
    what: 'Content-Encoding other than identity',
    lines: typed('text/plain', 'Hello', ['Content-Encoding: gzip']),
    plain: 415,
  },
  {
    what: 'Content-Encoding identity',
    lines: typed('text/plain', 'Hello', ['Content-Encoding: identity']),
    plain: hello,
  },
]

/** Rules for the text itself, and the switch for Subject. */
const TEXTS: readonly Row[] = [
  { what: 'broken UTF-8', lines: typed('text/plain', Buffer.from([0x48, 0xff])), plain: 400 },
  { what: 'a byte order mark goes', lines: typed('text/plain', '\ufeffHello'), plain: hello },
  {
    what: 'NUL goes, controls become spaces',
    lines: typed('text/plain', 'a\0b\u0001c\td'),
    plain: { text: 'ab c\td' },
  },
  {
    what: 'CRLF and CR become LF, one at the end goes',
    lines: typed('text/plain', 'a\r\nb\rc\r\n'),
    plain: { text: 'a\nb\nc' },
  },
  {
    what: 'a combining accent is composed',
    lines: typed('text/plain', 'Cafe\u0301'),
    plain: { text: 'Café' },
  },
  {
    what: 'Subject of SIP',
    lines: typed('text/plain', 'Hello', ['Subject: Lunch']),
    plain: hello,
    switched: { text: 'Subject: Lunch\nHello' },
  },
  {
    what: 'Subject of CPIM',
    lines: cpim(TEXT, 'Subject: Lunch\r\n'),
    plain: hello,
    switched: { text: 'Subject: Lunch\nHello' },
  },
]

describe('message bodies (docs/protocols/bodies.md, tables 5.1 and 5.2), each switch off and on', () => {
  let gateway: GatewayInLab
  before(async () => {
    gateway = await GatewayInLab.start({
      policy: { profiles: { switched: { bodies: BODIES } } },
      sip: {
        peers: [
          { name: 'plain', addresses: [PLAIN] },
          { name: 'switched', addresses: [SWITCHED], profile: 'switched' },
        ],
      },
    })
  })
  after(() => gateway.stop())

  async function walk(lines: Lines, from: string, outcome: Outcome): Promise<void> {
    const number = anybody()
    const peer = await rawUdp(from, gateway.sip)
    try {
      peer.send(request({ start: `MESSAGE tel:+${number} SIP/2.0`, ...lines }, from))
      const answer = await peer.next()
      assert.equal(answer?.status, typeof outcome === 'number' ? outcome : 200)
      if (outcome === 415) assertSaysWhat(lines, answer)
      const texts = gateway.lab.phones.messagesOf(number).map(({ text }) => text)
      assert.deepEqual(texts, typeof outcome === 'object' ? [outcome.text] : [])
    } finally {
      peer.close()
    }
  }

  for (const [table, rows] of [
    ['5.1', TYPES],
    ['5.2', TEXTS],
  ] as const)
    for (const { what, lines, plain, switched } of rows) {
      test(`${table} row ${what}: ${wordsOf(plain)}`, () => walk(lines, PLAIN, plain))
      if (switched !== undefined)
        test(`${table} row ${what}, switched: ${wordsOf(switched)}`, () => walk(lines, SWITCHED, switched))
    }
})

/** A 415 names what would have been taken (RFC 3261 §8.2.3). */
function assertSaysWhat(
  { more = [] }: Lines,
  answer: Awaited<ReturnType<Awaited<ReturnType<typeof rawUdp>>['next']>>,
) {
  const isEncoded = more.some((line) => line.startsWith('Content-Encoding'))
  const [name, value] = isEncoded ? ['Accept-Encoding', 'identity'] : ['Accept', ACCEPTED]
  assert.equal(answer?.header(name), value)
}

function wordsOf(outcome: Outcome): string {
  return typeof outcome === 'object'
    ? 'delivered'
    : outcome === 'dropped'
      ? '200 and no SMS'
      : String(outcome)
}

/** A text in so many multiparts, one in the other. */
function nested(levels: number, level = 0): string {
  const inner =
    level === levels - 1
      ? TEXT
      : `Content-Type: multipart/mixed;boundary=b${level + 1}\r\n\r\n${nested(levels, level + 1)}`
  return `--b${level}\r\n${inner}\r\n--b${level}--`
}

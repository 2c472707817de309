import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type BodyOptions, type BodyResult, readBody } from './index.ts'

const ACCEPT = 'text/plain, message/cpim, multipart/mixed, multipart/alternative'

function read(
  contentType: string | undefined,
  body: string | Buffer,
  options: BodyOptions = {},
  extra = {},
): BodyResult {
  return readBody({ contentType, body: Buffer.from(body), ...extra }, options)
}

/** One line of a result: what a table can compare. */
function short(result: BodyResult): string {
  if (!result.ok) return `${result.status} ${result.reason}`
  return result.kind === 'text' ? result.text : `<${result.kind}>`
}

const crlf = (text: string) => text.replaceAll('\n', '\r\n')
const multipart = (...parts: readonly string[]) =>
  crlf(`${parts.map((part) => `--b\n${part}\n`).join('')}--b--\n`)
const part = (type: string, content: string, ...headers: readonly string[]) =>
  `${[`Content-Type: ${type}`, ...headers].join('\n')}\n\n${content}`
const cpim = (inner: string) => crlf(`From: <sip:a@example.com>\nTo: <sip:b@example.com>\n\n${inner}`)

type Row = readonly [
  what: string,
  type: string | undefined,
  body: string | Buffer,
  expected: string,
  options?: BodyOptions,
]

const TYPES: readonly Row[] = [
  ['text/plain is converted', 'text/plain', 'Hello', 'Hello'],
  ['type and subtype compare without case', 'Text/PLAIN; Charset="UTF-8"', 'Hellö', 'Hellö'],
  ['message/cpim is unwrapped', 'message/cpim', cpim('Content-Type: text/plain\n\nHi'), 'Hi'],
  [
    'the inner type of CPIM is judged by the same table',
    'message/cpim',
    cpim('Content-Type: image/png\n\nx'),
    '415 unsupportedType',
  ],
  ['CPIM without an inner type', 'message/cpim', cpim('Content-Length: 2\n\nHi'), '400 missingContentType'],
  [
    'multipart/mixed',
    'multipart/mixed;boundary=b',
    multipart(part('text/plain', 'one'), part('text/plain', 'two')),
    'one\ntwo',
  ],
  [
    'multipart/alternative',
    'multipart/alternative;boundary="b"',
    multipart(part('text/plain', 'one'), part('image/png', 'x')),
    'one',
  ],
  ['other multiparts are mixed', 'multipart/related;boundary=b', multipart(part('text/plain', 'one')), 'one'],
  [
    'multipart/signed gives its first part',
    'multipart/signed;boundary=b',
    multipart(part('text/plain', 'one'), part('application/pkcs7-signature', 'x')),
    'one',
  ],
  [
    'multipart/encrypted',
    'multipart/encrypted;boundary=b',
    multipart(part('text/plain', 'one')),
    '493 encrypted',
  ],
  ['message/imdn+xml is no text', 'message/imdn+xml', '<imdn/>', '<notification>'],
  ['is-composing is refused', 'application/im-iscomposing+xml', '<isComposing/>', '415 unsupportedType'],
  [
    'is-composing is consumed when configured',
    'application/im-iscomposing+xml',
    '<isComposing/>',
    '<consumed>',
    { isComposing: 'consume' },
  ],
  ['text/html is refused', 'text/html', '<p>Hi', '415 unsupportedType'],
  [
    'text/html is stripped when configured',
    'text/html',
    '<p>Hi <b>you</b> &amp; me<br>now',
    'Hi you & me\nnow',
    { html: 'strip' },
  ],
  ['RCS file transfer is refused', 'application/vnd.gsma.rcs-ft-http+xml', '<file/>', '415 unsupportedType'],
  ['RCS location is refused', 'application/vnd.gsma.rcspushlocation+xml', '<x/>', '415 unsupportedType'],
  ['an image', 'image/png', 'x', '415 unsupportedType'],
  ['audio', 'audio/amr', 'x', '415 unsupportedType'],
  ['video', 'video/mp4', 'x', '415 unsupportedType'],
  ['an application', 'application/json', '{}', '415 unsupportedType'],
  ['another text', 'text/calendar', 'x', '415 unsupportedType'],
  ['transport level interworking', 'application/vnd.3gpp.sms', 'x', '415 unsupportedType'],
  ['application/pkcs7-mime', 'application/pkcs7-mime; smime-type=enveloped-data', 'x', '493 encrypted'],
  ['zero length', 'text/plain', '', '400 empty'],
  ['no body at all', undefined, '', '400 empty'],
  ['a body without Content-Type', undefined, 'Hello', '400 missingContentType'],
  ['an empty Content-Type', ' ', 'Hello', '400 missingContentType'],
  ['a Content-Type that is none', 'text', 'Hello', '400 malformedHeader'],
  ['a parameter without end', 'text/plain;charset="utf-8', 'Hello', '400 malformedHeader'],
  ['text of nothing but a byte order mark', 'text/plain', '\ufeff', '400 empty'],
  ['text of nothing but NUL', 'text/plain', '\0', '400 empty'],
]

const TEXTS: readonly Row[] = [
  ['UTF-8 without a charset', 'text/plain', 'Grüße 😀', 'Grüße 😀'],
  [
    'UTF-8 with a broken octet',
    'text/plain;charset=utf-8',
    Buffer.from('61ff62', 'hex'),
    '400 malformedText',
  ],
  ['UTF-8 cut inside a character', 'text/plain', Buffer.from('e282', 'hex'), '400 malformedText'],
  ['a surrogate written in UTF-8', 'text/plain', Buffer.from('eda0bd', 'hex'), '400 malformedText'],
  ['an overlong form', 'text/plain', Buffer.from('c080', 'hex'), '400 malformedText'],
  ['us-ascii', 'text/plain;charset=US-ASCII', 'Hello', 'Hello'],
  ['us-ascii with an eighth bit', 'text/plain;charset=us-ascii', 'ü', '400 malformedText'],
  ['iso-8859-1', 'text/plain; charset=ISO-8859-1', Buffer.from('fc', 'hex'), 'ü'],
  ['iso-8859-15', 'text/plain; charset=iso-8859-15', Buffer.from('a4', 'hex'), '€'],
  ['windows-1252', 'text/plain; charset=windows-1252', Buffer.from('8093', 'hex'), '€“'],
  ['utf-16le', 'text/plain; charset=utf-16le', Buffer.from('4100fc00', 'hex'), 'Aü'],
  ['utf-16be', 'text/plain; charset=utf-16be', Buffer.from('004100fc', 'hex'), 'Aü'],
  ['utf-16 by its mark', 'text/plain; charset=utf-16', Buffer.from('fffe4100', 'hex'), 'A'],
  ['utf-16 without a mark is big endian', 'text/plain; charset=utf-16', Buffer.from('0041', 'hex'), 'A'],
  [
    'utf-16 of an odd length',
    'text/plain; charset=utf-16le',
    Buffer.from('410042', 'hex'),
    '400 malformedText',
  ],
  [
    'utf-16 with half a pair',
    'text/plain; charset=utf-16be',
    Buffer.from('d83d', 'hex'),
    '400 malformedText',
  ],
  ['another charset', 'text/plain; charset=koi8-r', 'x', '415 unsupportedCharset'],
  ['a byte order mark goes', 'text/plain', '\ufeffHello', 'Hello'],
  ['NUL goes', 'text/plain', 'a\0b', 'ab'],
  ['other controls become a space', 'text/plain', 'a\u0001b\u001bc\fd', 'a b c d'],
  ['TAB stays', 'text/plain', 'a\tb', 'a\tb'],
  ['CR LF and CR become LF', 'text/plain', 'a\r\nb\rc\nd', 'a\nb\nc\nd'],
  ['one trailing newline goes', 'text/plain', 'a\r\n\r\n', 'a\n'],
  ['NFC', 'text/plain', 'cafe\u0301', 'café'],
]

const MULTIPARTS: readonly Row[] = [
  [
    'alternative: the last that can be shown wins',
    'multipart/alternative;boundary=b',
    multipart(part('text/plain', 'one'), part('text/plain', 'two'), part('text/html', '<p>')),
    'two',
  ],
  [
    'alternative: exactly one',
    'multipart/alternative;boundary=b',
    multipart(part('text/plain', 'one'), part('text/plain', 'two')),
    'two',
  ],
  [
    'alternative: an empty last part does not win',
    'multipart/alternative;boundary=b',
    multipart(part('text/plain', 'one'), part('text/plain', '')),
    'one',
  ],
  [
    'alternative: none can be shown',
    'multipart/alternative;boundary=b',
    multipart(part('image/png', 'x'), part('text/html', '<p>')),
    '415 unsupportedType',
  ],
  [
    'alternative: html when configured',
    'multipart/alternative;boundary=b',
    multipart(part('text/plain', 'one'), part('text/html', '<p>two')),
    'two',
    { html: 'strip' },
  ],
  [
    'alternative: a broken last text is no choice',
    'multipart/alternative;boundary=b',
    multipart(part('text/plain', 'one'), part('text/plain;charset=x', 'two')),
    'one',
  ],
  [
    'mixed: a required part that cannot be shown',
    'multipart/mixed;boundary=b',
    multipart(part('text/plain', 'one'), part('image/png', 'x')),
    '415 unsupportedType',
  ],
  [
    'mixed: an optional one is skipped',
    'multipart/mixed;boundary=b',
    multipart(
      part('text/plain', 'one'),
      part('image/png', 'x', 'Content-Disposition: render; handling=optional'),
    ),
    'one',
  ],
  [
    'mixed: handling=required says the same as nothing',
    'multipart/mixed;boundary=b',
    multipart(
      part('text/plain', 'one'),
      part('image/png', 'x', 'Content-Disposition: render;handling=REQUIRED'),
    ),
    '415 unsupportedType',
  ],
  [
    'mixed: an attachment is not to be rendered',
    'multipart/mixed;boundary=b',
    multipart(
      part('text/plain', 'one'),
      part('text/plain', 'x', 'Content-Disposition: attachment; filename="a;b.txt"'),
    ),
    '415 unsupportedDisposition',
  ],
  [
    'mixed: an optional attachment is skipped',
    'multipart/mixed;boundary=b',
    multipart(
      part('text/plain', 'one'),
      part('text/plain', 'x', 'Content-Disposition: attachment;handling=optional'),
    ),
    'one',
  ],
  [
    'mixed: nothing but optional parts',
    'multipart/mixed;boundary=b',
    multipart(part('image/png', 'x', 'Content-Disposition: icon;handling=optional')),
    '400 empty',
  ],
  [
    'mixed: an encrypted part',
    'multipart/mixed;boundary=b',
    multipart(part('text/plain', 'one'), part('application/pkcs7-mime', 'x')),
    '493 encrypted',
  ],
  [
    'mixed: text beside a notification',
    'multipart/mixed;boundary=b',
    multipart(part('message/imdn+xml', '<imdn/>'), part('text/plain', 'one')),
    'one',
  ],
  [
    'mixed: nothing but notifications',
    'multipart/mixed;boundary=b',
    multipart(part('message/imdn+xml', '<imdn/>')),
    '<notification>',
  ],
  ['a part without headers is text', 'multipart/mixed;boundary=b', crlf('--b\n\none\n--b--'), 'one'],
  [
    'a part of a digest without headers is a mail',
    'multipart/digest;boundary=b',
    crlf('--b\n\none\n--b--'),
    '415 unsupportedType',
  ],
  [
    'preamble and epilogue are left out',
    'multipart/mixed;boundary=b',
    crlf(`preamble\n--bb\n--b\n\none\n--b--\nepilogue\n--b\n\ntwo\n--b--`),
    'one',
  ],
  [
    'line ends of bare LF',
    'multipart/mixed;boundary=b',
    '--b\nContent-Type: text/plain\n\none\n--b--\n',
    'one',
  ],
  ['padding behind the boundary', 'multipart/mixed;boundary=b', crlf('--b \t\n\none\n--b--  '), 'one'],
  [
    'a longer boundary is none',
    'multipart/mixed;boundary=b',
    crlf('--b\n\none\n--bc\ntwo\n--b--'),
    'one\n--bc\ntwo',
  ],
  [
    'the boundary compares exactly',
    'multipart/mixed;boundary=B',
    crlf('--B\n\none\n--b\ntwo\n--B--'),
    'one\n--b\ntwo',
  ],
  [
    'the line end before the boundary is not text',
    'multipart/mixed;boundary=b',
    crlf('--b\n\none\n\n\n--b--'),
    'one\n',
  ],
  [
    'folded headers of a part',
    'multipart/mixed;boundary=b',
    multipart('Content-Type: text/plain;\n charset=iso-8859-15\nContent-Transfer-Encoding: base64\n\npA=='),
    '€',
  ],
  [
    'nested multiparts',
    'multipart/mixed;boundary=b',
    multipart(
      part(
        'multipart/alternative;boundary=c',
        '--c\nContent-Type: text/plain\n\none\n--c\nContent-Type: image/png\n\nx\n--c--',
      ),
      part('text/plain', 'two'),
    ),
    'one\ntwo',
  ],
  [
    'CPIM inside a multipart',
    'multipart/mixed;boundary=b',
    multipart(part('message/cpim', 'From: <sip:a@b>\n\nContent-Type: text/plain\n\none')),
    'one',
  ],
  [
    'a multipart inside CPIM',
    'message/cpim',
    cpim(
      part(
        'multipart/mixed;boundary=b',
        '--b\nContent-Type: text/plain\n\none\n--b\nContent-Type: text/plain\n\ntwo\n--b--',
      ),
    ),
    'one\ntwo',
  ],
  [
    'no boundary parameter',
    'multipart/mixed',
    multipart(part('text/plain', 'one')),
    '400 malformedMultipart',
  ],
  [
    'an empty boundary',
    'multipart/mixed;boundary=""',
    multipart(part('text/plain', 'one')),
    '400 malformedMultipart',
  ],
  [
    'a boundary above 70 characters',
    `multipart/mixed;boundary=${'b'.repeat(71)}`,
    'x',
    '400 malformedMultipart',
  ],
  [
    'a boundary that never comes',
    'multipart/mixed;boundary=c',
    multipart(part('text/plain', 'one')),
    '400 malformedMultipart',
  ],
  ['no closing delimiter', 'multipart/mixed;boundary=b', crlf('--b\n\none\n'), '400 malformedMultipart'],
  [
    'nothing but the closing delimiter',
    'multipart/mixed;boundary=b',
    crlf('--b--\n'),
    '400 malformedMultipart',
  ],
  [
    'part headers that are none',
    'multipart/mixed;boundary=b',
    multipart('no header\n\none'),
    '400 malformedMultipart',
  ],
]

const TRANSFER_ENCODINGS: readonly Row[] = (
  [
    ['7bit', 'one', 'one'],
    ['8bit', 'Grüße', 'Grüße'],
    ['BINARY', 'one', 'one'],
    ['base64', 'TGFsYWxh', 'Lalala'],
    ['Base64', 'TGFs\nYWxh\n', 'Lalala'],
    ['base64', 'TGFsYWw=', 'Lalal'],
    ['base64', 'TGFsYWw', '400 malformedTransferEncoding'],
    ['base64', 'TGFs!WxhTGFs', '400 malformedTransferEncoding'],
    ['base64', 'TGFs-_xh', '400 malformedTransferEncoding'],
    ['base64', 'TGF=TGFs', '400 malformedTransferEncoding'],
    ['base64', 'T===', '400 malformedTransferEncoding'],
    ['quoted-printable', 'Gr=C3=BC=c3=9Fe=\n=20you   \nend', 'Grüße you\nend'],
    ['quoted-printable', 'a=3Db', 'a=b'],
    ['quoted-printable', 'soft=  \nbreak', 'softbreak'],
    ['quoted-printable', 'a=3', '400 malformedTransferEncoding'],
    ['quoted-printable', 'a=XYb', '400 malformedTransferEncoding'],
    ['quoted-printable', 'Grüße', '400 malformedTransferEncoding'],
    ['x-uuencode', 'x', '415 unsupportedTransferEncoding'],
  ] as const
).map(
  ([encoding, content, expected]): Row => [
    `Content-Transfer-Encoding ${encoding} of ${JSON.stringify(content)}`,
    'multipart/mixed;boundary=b',
    multipart(part('text/plain', content, `Content-Transfer-Encoding: ${encoding}`)),
    expected,
  ],
)

const FILE_TRANSFER =
  '<?xml version="1.0"?><file><file-info type="thumbnail"><data url="https://x.example/t"/></file-info>' +
  '<file-info type="file"><file-name>a.jpg</file-name><data url = "https://x.example/f?a=1&amp;b=2" until="z"/></file-info></file>'
const LOCATION =
  '<rcsenvelope xmlns="urn:gsma:params:xml:ns:rcs:rcs:geolocation"><rcspushlocation id="a" label="Caf&#xE9;">' +
  '<gp:geopriv><gs:Circle><gml:pos>48.7310 -2.15</gml:pos></gs:Circle></gp:geopriv></rcspushlocation></rcsenvelope>'
const FT = 'application/vnd.gsma.rcs-ft-http+xml'
const GEO = 'application/vnd.gsma.rcspushlocation+xml'

const OPTIONS: readonly Row[] = [
  [
    'html: script, style, comments and head go',
    'text/html',
    '<head><title>t</title></head><script>1 < 2</script><!-- <p> --><style>p{}</style>a<P>b</P>\n c',
    'a\nb\nc',
    { html: 'strip' },
  ],
  [
    'html: entities',
    'text/html',
    '&lt;&#65;&#x20AC;&eacute;&nbsp;&unknown;&#0;&#xD800;&',
    '<A€é\u00a0&unknown;&',
    { html: 'strip' },
  ],
  ['html: what never closes', 'text/html', 'a<b', 'a', { html: 'strip' }],
  ['html: nothing to read', 'text/html', '<br><img src=x>', '400 empty', { html: 'strip' }],
  [
    'RCS file transfer: the link of the file',
    FT,
    FILE_TRANSFER,
    'https://x.example/f?a=1&b=2',
    { rcsXml: 'link' },
  ],
  [
    'RCS file transfer: another scheme',
    FT,
    FILE_TRANSFER.replaceAll('https:', 'javascript:'),
    '415 unsupportedType',
    { rcsXml: 'link' },
  ],
  ['RCS file transfer without a file', FT, '<file/>', '415 unsupportedType', { rcsXml: 'link' }],
  ['RCS location: label and geo link', GEO, LOCATION, 'Café\ngeo:48.7310,-2.15', { rcsXml: 'link' }],
  [
    'RCS location without a position',
    GEO,
    '<rcspushlocation label="x"/>',
    '415 unsupportedType',
    { rcsXml: 'link' },
  ],
  ['RCS location with nonsense', GEO, '<pos>a b</pos>', '415 unsupportedType', { rcsXml: 'link' }],
]

for (const [clause, rows] of [
  ['RFC 3428 §7 body types', TYPES],
  ['RFC 2046 §4.1.2 text', TEXTS],
  ['RFC 2046 §5.1 multipart', MULTIPARTS],
  ['RFC 2045 §6', TRANSFER_ENCODINGS],
  ['operator options', OPTIONS],
] as const) {
  for (const [what, type, body, expected, options] of rows) {
    test(`${clause}: ${what}`, () => {
      assert.equal(short(read(type, body, options)), expected)
    })
  }
}

test('RFC 3261 §21.4.13: 415 for a type carries Accept, with what the options add', () => {
  const plain = read('image/png', 'x')
  assert.ok(!plain.ok)
  assert.equal(plain.accept, ACCEPT)
  const more = read('image/png', 'x', { html: 'strip', rcsXml: 'link' })
  assert.ok(!more.ok)
  assert.equal(more.accept, `${ACCEPT}, text/html, ${FT}, ${GEO}`)
})

test('RFC 3261 §20.12: a Content-Encoding is 415 with Accept-Encoding, identity is none', () => {
  const gzip = read('text/plain', 'x', {}, { contentEncoding: 'gzip' })
  assert.ok(!gzip.ok)
  assert.deepEqual(
    [gzip.status, gzip.reason, gzip.acceptEncoding, gzip.accept],
    [415, 'unsupportedContentEncoding', 'identity', undefined],
  )
  assert.equal(short(read('text/plain', 'x', {}, { contentEncoding: ' Identity ' })), 'x')
  assert.equal(
    short(read('message/cpim', cpim('Content-Type: text/plain\nContent-Encoding: gzip\n\nx'))),
    '415 unsupportedContentEncoding',
  )
})

test('RFC 3261 §20.11: Content-Disposition of the whole body', () => {
  const dispose = (contentDisposition: string) => short(read('text/plain', 'x', {}, { contentDisposition }))
  assert.equal(dispose('render'), 'x')
  assert.equal(dispose('Inline;handling=required'), 'x')
  assert.equal(dispose('icon'), '415 unsupportedDisposition')
  assert.equal(dispose('icon;handling=optional'), '400 empty')
  assert.equal(dispose(';'), '400 malformedHeader')
})

test('an outer Content-Transfer-Encoding is undone', () => {
  assert.equal(short(read('text/plain', 'TGFsYWxh', {}, { contentTransferEncoding: 'base64' })), 'Lalala')
})

test('option subject: the subject of CPIM before that of the request, on a line of its own, without controls', () => {
  const extra = { subject: 'Outer' }
  assert.equal(short(read('text/plain', 'Hi', {}, extra)), 'Hi')
  assert.equal(short(read('text/plain', 'Hi', { subject: 'prefix' }, extra)), 'Subject: Outer\nHi')
  const inner = crlf('From: <sip:a@b>\nSubject: In\\nner\n\nContent-Type: text/plain\n\nHi')
  assert.equal(short(read('message/cpim', inner, { subject: 'prefix' }, extra)), 'Subject: In ner\nHi')
  assert.equal(short(read('text/plain', 'Hi', { subject: 'prefix' })), 'Hi')
})

test('a warning holds nothing that could leave its quoted string', () => {
  const result = read('message/cpim', crlf('Require: a"\\\u00e9b\n\nContent-Type: text/plain\n\nHi'))
  assert.ok(!result.ok)
  assert.match(result.warning, /^[ !#-[\]-~]+$/)
})

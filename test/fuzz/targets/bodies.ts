import assert from 'node:assert/strict'
import { EncodeError } from '@ipsmgw/bytes'
import { type BodyResult, buildImdn, parseCpim, readBody, type TextBody } from '@ipsmgw/im'
import type { FuzzTarget } from '../target.ts'

const SWITCHED_ON = { html: 'strip', rcsXml: 'link', isComposing: 'consume', subject: 'prefix' } as const
const TOKENS = [
  '\r\n',
  '\n',
  '\r\n\r\n',
  '--b',
  '--b--',
  ':',
  ';',
  ',',
  '<',
  '>',
  '"',
  '\\',
  '\\u00e4',
  '=',
  '=3D',
  '&#65;',
]
  .concat([
    '\0',
    '\xff',
    '\xef\xbb\xbf',
    'Content-Type: ',
    'charset=',
    'boundary=b',
    'message/cpim',
    'multipart/mixed',
  ])
  .concat(['base64', 'quoted-printable', 'imdn.', 'NS: imdn <urn:ietf:params:imdn>\r\n', '<!--', '<br>'])
const MAXIMUM_OCTETS = 65_536

const lines = (...text: readonly string[]) => text.join('\r\n')
const CPIM_HEAD = lines(
  'From: "A" <sip:a@ims.example>',
  'To: <tel:+447900123456>',
  'NS: imdn <urn:ietf:params:imdn>',
  'imdn.Message-ID: ec1d7cf0-f7cd-1038-908d-8b757c563a3f',
  'DateTime: 2026-10-24T10:24:11.270+08:00',
  'imdn.Disposition-Notification:  positive-delivery, display, interworking',
  'imdn.Original-To: <sip:list@ims.example>',
  'imdn.IMDN-Record-Route: <sip:relay@one.example>',
  'Subject:;lang=x a\\u0041',
  '',
)
const MULTIPART = lines(
  '--b',
  'Content-Type: text/plain; charset=utf-8',
  'Content-Transfer-Encoding: quoted-printable',
  '',
  'a=3Db \u00e4',
  '--b',
  'Content-Type: text/html',
  'Content-Transfer-Encoding: base64',
  'Content-Disposition: render;handling=optional',
  '',
  'PGI+YSZhbXA7PC9iPg==',
  '--b',
  'Content-Type: multipart/alternative; boundary="c d"',
  '',
  '--c d',
  '',
  'plain',
  '--c d',
  'Content-Type: application/vnd.gsma.rcspushlocation+xml',
  '',
  '<rcsenveloppe><rcspushlocation label="x"><pos>1 2</pos></rcspushlocation></rcsenveloppe>',
  '--c d--',
  '--b--',
)
const IMDN = '<imdn xmlns="urn:ietf:params:xml:ns:imdn"><message-id>x</message-id></imdn>'

const seeds = (...texts: readonly string[]) => texts.map((text) => Buffer.from(text))

/** RFC 3862, RFC 5438 §6: headers, namespaces, escapes, and the text inside. */
export const cpim: FuzzTarget = {
  name: 'cpim',
  seeds: seeds(
    lines(CPIM_HEAD, 'Content-Type: text/plain;charset=UTF-8', '', 'Hello'),
    lines(
      CPIM_HEAD,
      'Content-type: text/plain',
      'Content-Transfer-Encoding: base64',
      'Content-Length: 8',
      '',
      'TGFsYWxh',
    ),
    lines(CPIM_HEAD, 'Content-Type: multipart/mixed; boundary="b"', '', MULTIPART),
    lines(
      'From: <sip:a@b>',
      'Content-Type: message/cpim',
      '',
      CPIM_HEAD,
      'Content-Type: text/html',
      '',
      '<b>x</b>',
    ),
  ),
  tokens: TOKENS,
  maximumOctets: MAXIMUM_OCTETS,
  leastReadable: 0.1,
  read(octets) {
    parseCpim(octets)
    return isRead(readBody({ contentType: 'message/cpim', body: octets }, SWITCHED_ON))
  },
}

/** RFC 2046 §5.1, RFC 5621: parts of parts; the first line is the Content-Type. */
export const multipart: FuzzTarget = {
  name: 'multipart',
  seeds: seeds(
    `multipart/mixed;boundary=b\n${MULTIPART}`,
    `multipart/alternative;boundary="b"\n${MULTIPART}`,
    `multipart/related;boundary=b;type="text/plain"\npreamble\r\n${MULTIPART}\r\nepilogue`,
    `multipart/signed;boundary=b\n${MULTIPART.replace('c d"', 'c"')}`,
  ),
  tokens: TOKENS,
  maximumOctets: MAXIMUM_OCTETS,
  leastReadable: 0.1,
  read(octets) {
    const end = Math.max(0, octets.indexOf('\n'))
    const contentType = octets.toString('latin1', 0, end)
    return isRead(readBody({ contentType, body: octets.subarray(end + 1) }, SWITCHED_ON))
  },
}

/** RFC 5438: what is asked for can be told, or is refused as what has no wire form; what is told reads as such. */
export const imdn: FuzzTarget = {
  name: 'imdn',
  seeds: seeds(
    lines(CPIM_HEAD, 'Content-Type: text/plain;charset=UTF-8', '', 'Hello'),
    lines(
      CPIM_HEAD.replace('NS: imdn <', 'NS: x<').replaceAll('imdn.', 'x.'),
      'Content-Type: text/plain',
      '',
      'Hi',
    ),
    lines(CPIM_HEAD, 'Content-Type: message/imdn+xml', 'Content-Disposition: notification', '', IMDN),
  ),
  tokens: TOKENS,
  maximumOctets: MAXIMUM_OCTETS,
  leastReadable: 0.1,
  read(octets) {
    const body = readBody({ contentType: 'message/cpim', body: octets }, SWITCHED_ON)
    if (body.ok && body.kind === 'text') checkNotification(body)
    return isRead(body)
  },
}

function checkNotification({ imdn: request, cpim: message }: TextBody): void {
  if (request === undefined) return
  const to = message?.from?.uri ?? 'sip:nobody@ims.example'
  const recipientUri = message?.to[0]?.uri ?? to
  let octets: Buffer
  try {
    const own = { ownMessageId: 'own', ownDateTime: request.dateTime, from: recipientUri, to, recipientUri }
    octets = buildImdn({ kind: 'delivered', ...request, ...own })
  } catch (error) {
    if (error instanceof EncodeError) return
    throw error
  }
  const again = readBody({ contentType: 'message/cpim', body: octets })
  assert.ok(again.ok && again.kind === 'notification', 'the notification reads as one')
  const xml = octets.toString('utf8', octets.indexOf('<?xml'))
  assert.equal(xml.match(/<message-id>[^<>]*<\/message-id>/g)?.length, 1)
  assert.equal(xml.match(/</g)?.length, request.originalTo === undefined ? 14 : 16, 'no markup of the sender')
}

function isRead(result: BodyResult): boolean {
  if (!result.ok) {
    assert.ok([400, 413, 415, 493].includes(result.status))
    assert.match(result.warning, /^[ !#-[\]-~]+$/)
    return false
  }
  if (result.kind === 'text') assert.ok(result.text !== '' && result.text.isWellFormed())
  return true
}

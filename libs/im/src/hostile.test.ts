import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type BodyResult, DEFAULT_LIMITS, readBody } from './index.ts'

const ALL_OPTIONS = { html: 'strip', rcsXml: 'link', isComposing: 'consume', subject: 'prefix' } as const
/** A body of the largest size must be done with in this time on a busy machine; a quadratic one takes seconds. */
const PATIENCE_MS = 500

function read(contentType: string, body: string | Buffer): BodyResult {
  const startMs = performance.now()
  const result = readBody({ contentType, body: Buffer.from(body) }, ALL_OPTIONS)
  assert.ok(performance.now() - startMs < PATIENCE_MS, 'took too long')
  return result
}

function reason(contentType: string, body: string | Buffer): string {
  const result = read(contentType, body)
  return result.ok ? result.kind : `${result.status} ${result.reason}`
}

function nested(depth: number): string {
  let body = 'Content-Type: text/plain\r\n\r\nHi'
  for (let level = depth; level > 1; level--)
    body = `Content-Type: multipart/mixed;boundary=b${level}\r\n\r\n--b${level}\r\n${body}\r\n--b${level}--`
  return `--b1\r\n${body}\r\n--b1--`
}

const fill = (piece: string) => piece.repeat(Math.floor(DEFAULT_LIMITS.bodyOctets / Buffer.byteLength(piece)))
const head = 'From: <sip:a@b>\r\n'

test('multiparts nest four deep and no deeper', () => {
  assert.equal(reason('multipart/mixed;boundary=b1', nested(DEFAULT_LIMITS.depth)), 'text')
  assert.equal(reason('multipart/mixed;boundary=b1', nested(DEFAULT_LIMITS.depth + 1)), '413 tooDeep')
  assert.equal(reason('multipart/mixed;boundary=b1', nested(1000)), '413 tooDeep')
})

test('sixteen parts in all and no more, whichever multipart they are in', () => {
  const parts = (count: number) => `${'--b\r\n\r\nx\r\n'.repeat(count)}--b--`
  assert.equal(reason('multipart/mixed;boundary=b', parts(16)), 'text')
  assert.equal(reason('multipart/mixed;boundary=b', parts(17)), '413 tooManyParts')
  assert.equal(reason('multipart/alternative;boundary=b', parts(5000)), '413 tooManyParts')
  const inner = `Content-Type: multipart/mixed;boundary=c\r\n\r\n${'--c\r\n\r\nx\r\n'.repeat(8)}--c--`
  assert.equal(
    reason('multipart/mixed;boundary=b', `--b\r\n${inner}\r\n--b\r\n${inner}\r\n--b--`),
    '413 tooManyParts',
  )
})

test('a limit is not a matter of taste: an optional or alternative part does not hide it', () => {
  const deep = `--a\r\n\r\nx\r\n--a\r\nContent-Disposition: render;handling=optional\r\nContent-Type: multipart/mixed;boundary=b1\r\n\r\n${nested(4)}\r\n--a--`
  assert.equal(reason('multipart/alternative;boundary=a', deep), '413 tooDeep')
  assert.equal(reason('multipart/mixed;boundary=a', deep), '413 tooDeep')
})

test('CPIM in CPIM is bounded', () => {
  const wrap = (body: string) => `${head}\r\nContent-Type: message/cpim\r\n\r\n${body}`
  const inner = `${head}\r\nContent-Type: text/plain\r\n\r\nHi`
  assert.equal(reason('message/cpim', wrap(inner)), 'text')
  assert.equal(reason('message/cpim', wrap(wrap(inner))), '413 tooDeep')
})

test('64 header lines of 4 KiB and no more', () => {
  const tail = '\r\nContent-Type: text/plain\r\n\r\nHi'
  const short = 'X: y\r\n'
  assert.equal(reason('message/cpim', head + short.repeat(63) + tail), 'text')
  assert.equal(reason('message/cpim', head + short.repeat(64) + tail), '400 malformedCpim')
  assert.equal(reason('message/cpim', `${head}X: ${'y'.repeat(4093)}\r\n${tail}`), 'text')
  assert.equal(reason('message/cpim', `${head}X: ${'y'.repeat(4094)}\r\n${tail}`), '400 malformedCpim')
  assert.equal(reason('message/cpim', `${head}${'\r\nX: y'.repeat(70)}${tail}`), '400 malformedCpim')
  const mime = (lines: number) => `${head}\r\nContent-Type: text/plain\r\n${short.repeat(lines)}\r\nHi`
  assert.equal(reason('message/cpim', mime(63)), 'text')
  assert.equal(reason('message/cpim', mime(64)), '400 malformedCpim')
})

test('a body above its limit is not looked at', () => {
  assert.equal(reason('text/plain', 'x'.repeat(DEFAULT_LIMITS.bodyOctets)), 'text')
  assert.equal(reason('text/plain', 'x'.repeat(DEFAULT_LIMITS.bodyOctets + 1)), '413 tooLarge')
})

const MALFORMED = [
  ['headers without end', 'message/cpim', head],
  ['no content headers', 'message/cpim', `${head}\r\nHello`],
  ['a line without a colon', 'message/cpim', 'Hello\r\n\r\nContent-Type: text/plain\r\n\r\nHi'],
  ['a folded CPIM header', 'message/cpim', `${head} more\r\n\r\nContent-Type: text/plain\r\n\r\nHi`],
  ['a space in a name', 'message/cpim', 'Fr om: x\r\n\r\nContent-Type: text/plain\r\n\r\nHi'],
  ['a name with two prefixes', 'message/cpim', 'a.b.c: x\r\n\r\nContent-Type: text/plain\r\n\r\nHi'],
  ['headers not in UTF-8', 'message/cpim', Buffer.from('46726f6d3a20ff0d0a0d0a', 'hex')],
  ['NS without a URI', 'message/cpim', 'NS: imdn\r\n\r\nContent-Type: text/plain\r\n\r\nHi'],
  ['continuation without a header', 'message/cpim', `${head}\r\n folded\r\n\r\nHi`],
] as const

for (const [what, type, body] of MALFORMED) {
  test(`RFC 3862 §3: ${what} is a 400`, () => {
    assert.equal(reason(type, body), '400 malformedCpim')
  })
}

const FILLINGS = [
  ['text/html', '<'],
  ['text/html', '<!--'],
  ['text/html', '<script>'],
  ['text/html', ' <b>'],
  ['text/html', '&'],
  ['text/html', '&#1'],
  ['text/html', ' \n'],
  ['application/vnd.gsma.rcs-ft-http+xml', '<a '],
  ['application/vnd.gsma.rcs-ft-http+xml', '<file-info type = '],
  ['application/vnd.gsma.rcs-ft-http+xml', "<data url='"],
  ['application/vnd.gsma.rcspushlocation+xml', '<pos>'],
  ['application/vnd.gsma.rcspushlocation+xml', '<rcspushlocation label  '],
  ['multipart/mixed;boundary=-', '-'],
  ['multipart/mixed;boundary=-', '--\n'],
  ['multipart/mixed;boundary=b', '--b\n'],
  ['multipart/mixed;boundary=b', '\n--bx'],
  ['message/cpim', '\\'],
  ['message/cpim', 'NS: a <b>\n'],
  ['message/cpim', ':'],
  ['message/cpim', '\n'],
  ['text/plain', '\r'],
  ['text/plain', '\0\u0001'],
  ['text/plain', '\u0301'],
] as const

for (const [type, piece] of FILLINGS) {
  test(`a body full of ${JSON.stringify(piece)} as ${type} is answered in time`, () => {
    assert.ok(typeof reason(type, fill(piece)) === 'string')
  })
}

test('long header fields are refused in time', () => {
  for (const value of ['text/plain;', 'text/plain;a=', 'text/plain;a="', 'text/plain;a=b'])
    for (const piece of [';', '\\', '"', ' ', ';a', ';a=b'])
      assert.ok(['400 malformedHeader', 'text'].includes(reason(value + piece.repeat(60_000), 'x')))
})

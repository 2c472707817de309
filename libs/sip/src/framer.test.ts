import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { DEFAULT_LIMITS, SipRequest, StreamFramer } from './index.ts'
import { messageOctets } from './testing/sockets.ts'

const CPM = readFileSync(new URL('../../../test/vectors/cpm-pager-message.sip', import.meta.url))

/** What a framer says about octets cut into chunks. */
function frame(chunks: readonly Buffer[], limits = DEFAULT_LIMITS) {
  const messages: Array<{ method: string; body: string }> = []
  const errors: string[] = []
  let keepAlives = 0
  const framer = new StreamFramer(
    {
      message: (message) =>
        messages.push({
          method: message instanceof SipRequest ? message.method : String(message.status),
          body: message.body.toString('latin1'),
        }),
      error: (error, fatal) =>
        errors.push(
          `${error.status} ${error.what}${fatal ? ' fatal' : ''}${error.partial ? ' answerable' : ''}`,
        ),
      keepAlive: () => keepAlives++,
    },
    limits,
  )
  for (const chunk of chunks) framer.push(chunk)
  return { messages, errors, keepAlives, incomplete: framer.incomplete }
}

const octets = (text: string): Buffer => Buffer.from(text, 'latin1')
const singly = (whole: Buffer): Buffer[] => [...whole].map((octet) => Buffer.of(octet))
const ONE = messageOctets({}, 'one')
const TWO = messageOctets({ 'Call-ID': 'c-2' }, 'a\0b\r\n\r\nc')

test('RFC 3261 §18.3 two requests in one segment are two messages', () => {
  const { messages, errors } = frame([octets(ONE + TWO)])
  assert.deepEqual(
    messages.map((m) => m.body),
    ['one', 'a\0b\r\n\r\nc'],
  )
  assert.deepEqual(errors, [])
})

test('RFC 3261 §18.3 single-octet writes give the same messages', () => {
  assert.deepEqual(frame(singly(octets(ONE + TWO))), frame([octets(ONE + TWO)]))
})

test('RFC 3261 §18.3 every cut of two messages into two segments gives the same messages', () => {
  const whole = octets(`\r\n\r\n${ONE}${TWO}`)
  const expected = frame([whole])
  for (let cut = 0; cut <= whole.length; cut++) {
    assert.deepEqual(frame([whole.subarray(0, cut), whole.subarray(cut)]), expected, `cut at ${cut}`)
  }
})

test('RFC 3261 §18.3 many messages behind one another keep their bodies', () => {
  const many = Array.from({ length: 50 }, (_, i) => messageOctets({ 'Call-ID': `c-${i}` }, `body ${i}`)).join(
    '',
  )
  for (const size of [1, 7, 100, 1000, many.length]) {
    const chunks: Buffer[] = []
    for (let at = 0; at < many.length; at += size) chunks.push(octets(many.slice(at, at + size)))
    const bodies = frame(chunks).messages.map((m) => m.body)
    assert.deepEqual(
      bodies,
      Array.from({ length: 50 }, (_, i) => `body ${i}`),
    )
  }
})

test('RFC 5626 §3.5.1 a double CRLF between messages asks for one CRLF, also octet by octet', () => {
  assert.equal(frame([octets(`${ONE}\r\n\r\n${TWO}\r\n\r\n`)]).keepAlives, 2)
  assert.equal(frame(singly(octets(`${ONE}\r\n\r\n${TWO}\r\n\r\n`))).keepAlives, 2)
  assert.equal(frame([octets(`${ONE}\r\n${TWO}`)]).keepAlives, 0)
})

test('RFC 3261 §18.3 a message whose head is malformed but framed is refused, the next one is read', () => {
  const { messages, errors } = frame([octets(messageOctets({ CSeq: 'x MESSAGE' }) + TWO)])
  assert.deepEqual(errors, ['400 CSeq answerable'])
  assert.equal(messages.length, 1)
})

const FATAL: ReadonlyArray<[string, string, string]> = [
  ['no Content-Length', messageOctets({ 'Content-Length': '' }), '400 Content-Length fatal answerable'],
  [
    'a negative Content-Length',
    messageOctets({ 'Content-Length': '-5' }),
    '400 Content-Length fatal answerable',
  ],
  ['no number', messageOctets({ 'Content-Length': '5x' }), '400 Content-Length fatal answerable'],
  [
    'two that differ',
    messageOctets({ 'Content-Length': '5\r\nl: 6' }),
    '400 Content-Length fatal answerable',
  ],
  ['a body above the limit', messageOctets({ 'Content-Length': '65536' }), '513 body fatal answerable'],
  ['a line above the limit', messageOctets({ 'X-Long': 'x'.repeat(9000) }), '513 header fatal answerable'],
  ['a head that never ends', messageOctets({ 'X-Long': 'x'.repeat(40_000) }), '513 headers fatal answerable'],
  [
    'too many headers',
    messageOctets({ 'X-Many': `1${'\r\nX: 1'.repeat(300)}` }),
    '513 headers fatal answerable',
  ],
  [
    'a bare LF in the head',
    messageOctets({ Subject: 'a\nP-Asserted-Identity: <sip:x@y>' }),
    '400 line fatal answerable',
  ],
  ['another protocol', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n', '400 Request-Line fatal'],
]

for (const [title, text, expected] of FATAL) {
  test(`RFC 3261 §18.3 ${title} loses the frame: refused and closed, what follows is swallowed`, () => {
    for (const chunks of [[octets(text + TWO)], singly(octets(text + TWO))]) {
      const { messages, errors, incomplete } = frame(chunks)
      assert.deepEqual(
        errors.map((error) => error.replace('header fatal', 'header fatal')),
        [expected],
      )
      assert.deepEqual([messages.length, incomplete], [0, false])
    }
  })
}

test('RFC 3261 §20.14 two equal Content-Length lines frame the message', () => {
  assert.equal(frame([octets(messageOctets({ 'Content-Length': '5\r\nl: 5' }))]).messages.length, 1)
})

test('TS 23.204 §6.13 the CPM pager message arrives whole in single octets, and is incomplete before its last', () => {
  assert.equal(
    frame(singly(CPM)).messages[0]?.body,
    CPM.toString('latin1').split('\r\n\r\n').slice(1).join('\r\n\r\n'),
  )
  assert.equal(frame(singly(CPM.subarray(0, -1))).incomplete, true)
})

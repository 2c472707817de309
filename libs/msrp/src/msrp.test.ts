import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { DecodeError } from '@ipsmgw/bytes'
import { Assembly } from './assembly.ts'
import { encodeReport, encodeResponse } from './codec.ts'
import {
  DEFAULT_LIMITS,
  decodeByteRange,
  MsrpFramer,
  type MsrpMessage,
  type MsrpRequest,
  NOTHING_RECEIVED,
  receive,
  sessionIdOf,
} from './index.ts'

const BOB = 'msrp://bob.example.com:8888/9di4eae923wzd;tcp'
const ALICE = 'msrp://alicepc.example.com:7777/iau39soe2843z;tcp'

/** A SEND written by hand in the form of RFC 4975 §4. */
function send(id: string, headers: readonly string[], body: string | undefined, flag = '$'): string {
  const content = body === undefined ? '' : `Content-Type: text/plain\r\n\r\n${body}\r\n`
  const head = [`MSRP ${id} SEND`, `To-Path: ${BOB}`, `From-Path: ${ALICE}`, ...headers]
  return `${head.join('\r\n')}\r\n${content}-------${id}${flag}\r\n`
}

function framed(octets: string | Buffer, pieceOctets = 1 << 20, limits = DEFAULT_LIMITS): MsrpMessage[] {
  const messages: MsrpMessage[] = []
  const framer = new MsrpFramer(limits, (message) => messages.push(message))
  const all = Buffer.from(octets)
  for (let at = 0; at < all.length; at += pieceOctets) framer.push(all.subarray(at, at + pieceOctets))
  return messages
}

const requestOf = (text: string): MsrpRequest => {
  const [message] = framed(text)
  assert.ok(message?.kind === 'request')
  return message
}

describe('RFC 4975 §7.1: a stream is cut into messages', () => {
  const text = [
    send('a786hjs2', ['Message-ID: 87652491', 'Byte-Range: 1-25/25'], 'Hey Bob, are you there?\r\n'),
    send('dkei38sd', [], undefined),
    `MSRP a786hjs2 200 OK\r\nTo-Path: ${ALICE}\r\nFrom-Path: ${BOB}\r\n-------a786hjs2$\r\n`,
  ].join('')

  for (const pieceOctets of [1, 2, 7, 64, 1 << 20])
    test(`in pieces of ${pieceOctets}`, () => {
      const [first, empty, response] = framed(text, pieceOctets)
      assert.ok(first?.kind === 'request' && empty?.kind === 'request' && response?.kind === 'response')
      assert.deepEqual(
        [first.method, first.body?.toString(), first.continuation],
        ['SEND', 'Hey Bob, are you there?\r\n', '$'],
      )
      assert.deepEqual([first.toPath, first.fromPath], [[BOB], [ALICE]])
      assert.equal(empty.body, undefined)
      assert.deepEqual([response.status, response.comment], [200, 'OK'])
    })

  test('what looks like an end line of another transaction, or has no flag, is content', () => {
    const body = '-------other$\r\n-------d93kswow\r\n\r\n-------d93kswow!\r\n-------d93kswow$x'
    for (const pieceOctets of [1, 5, 1 << 20]) {
      const [message] = framed(send('d93kswow', ['Message-ID: 1'], body), pieceOctets)
      assert.ok(message?.kind === 'request')
      assert.equal(message.body?.toString(), body)
    }
  })

  test('a body above the limit is thrown away, and the next message is found', () => {
    const limits = { ...DEFAULT_LIMITS, messageOctets: 1_000 }
    for (const pieceOctets of [1, 100, 1 << 20]) {
      const [large, next] = framed(
        send('aaaa', ['Message-ID: 1'], 'x'.repeat(50_000)) + send('bbbb', ['Message-ID: 2'], 'y'),
        pieceOctets,
        limits,
      )
      assert.ok(large?.kind === 'request' && next?.kind === 'request')
      assert.deepEqual([large.oversized, large.body?.length], [true, 0])
      assert.equal(next.body?.toString(), 'y')
    }
  })

  test('memory holds no more than the limits, however much comes', () => {
    const framer = new MsrpFramer({ ...DEFAULT_LIMITS, messageOctets: 1_000, discardedOctets: 1e6 }, () => {})
    framer.push(Buffer.from(`MSRP aaaa SEND\r\nTo-Path: ${BOB}\r\nFrom-Path: ${ALICE}\r\n\r\n`))
    assert.throws(() => {
      for (let round = 0; round < 2_000; round++) {
        framer.push(Buffer.alloc(1_000, 'x'))
        assert.ok(framer.pendingOctets < 3_000, `${framer.pendingOctets}`)
      }
    }, DecodeError)
  })

  const malformed: readonly [string, string][] = [
    ['another protocol', 'GET / HTTP/1.1\r\n'],
    ['a transaction id that is too short', `MSRP abc SEND\r\n`],
    ['a head without end', `MSRP aaaa SEND\r\nX: ${'y'.repeat(9_000)}`],
    ['headers without end', `MSRP aaaa SEND\r\n${'X: y\r\n'.repeat(2_000)}`],
    ['no To-Path', `MSRP aaaa SEND\r\nFrom-Path: ${ALICE}\r\n-------aaaa$\r\n`],
    ['From-Path in front', `MSRP aaaa SEND\r\nFrom-Path: ${ALICE}\r\nTo-Path: ${BOB}\r\n-------aaaa$\r\n`],
    [
      'a path that is no MSRP URI',
      `MSRP aaaa SEND\r\nTo-Path: sip:b\r\nFrom-Path: ${ALICE}\r\n-------aaaa$\r\n`,
    ],
    ['a line without a colon', `MSRP aaaa SEND\r\nTo-Path: ${BOB}\r\nnothing\r\n-------aaaa$\r\n`],
  ]
  for (const [what, octets] of malformed)
    test(`${what} is a DecodeError`, () => {
      assert.throws(() => framed(octets), DecodeError)
    })
})

describe('RFC 4975 §7.1, §9: values', () => {
  test('Byte-Range', () => {
    assert.deepEqual(decodeByteRange('1-39/39'), { start: 1, end: 39, total: 39 })
    assert.deepEqual(decodeByteRange('1-*/*'), { start: 1, end: undefined, total: undefined })
    assert.deepEqual(decodeByteRange('1-0/0'), { start: 1, end: 0, total: 0 })
    for (const value of [
      '0-1/2',
      '5-3/9',
      '1-10/9',
      '1-2',
      'a-b/c',
      '1-*',
      '-1-2/3',
      `1-${'9'.repeat(11)}/*`,
    ])
      assert.equal(decodeByteRange(value), undefined, value)
  })

  test('the session id stands behind the authority and keeps its case', () => {
    assert.equal(sessionIdOf('MSRP://Bob.example.com:8888/9Di4;tcp'), '9Di4')
    assert.equal(sessionIdOf('msrp://bob.example.com:8888;tcp'), undefined)
  })

  test('§7.2: a response goes to the hop before, §7.1.2: a report all the way', () => {
    const relay = 'msrps://relay.example.com:9000/hjdhfha;tcp'
    const request = { ...requestOf(send('a786hjs2', [], 'x')), fromPath: [relay, ALICE] }
    assert.equal(
      encodeResponse(request, 413).toString(),
      `MSRP a786hjs2 413 Message Too Large\r\nTo-Path: ${relay}\r\nFrom-Path: ${BOB}\r\n-------a786hjs2$\r\n`,
    )
    const report = {
      transactionId: 'dkei38sd',
      toPath: request.fromPath,
      fromPath: BOB,
      messageId: '12339sdqwer',
    }
    assert.equal(
      encodeReport({ ...report, totalOctets: 106, status: 200 }).toString(),
      `MSRP dkei38sd REPORT\r\nTo-Path: ${relay} ${ALICE}\r\nFrom-Path: ${BOB}\r\nMessage-ID: 12339sdqwer\r\nByte-Range: 1-106/106\r\nStatus: 000 200 OK\r\n-------dkei38sd$\r\n`,
    )
  })
})

describe('RFC 4975 §7.3: chunks become messages', () => {
  /** What happens to a row of chunks: statuses of responses and texts of whole messages. */
  function outcome(chunks: readonly string[], limits = DEFAULT_LIMITS): (number | string)[] {
    let state = NOTHING_RECEIVED
    return chunks.flatMap((chunk) => {
      const step = receive(state, requestOf(chunk), limits)
      state = step.next
      return step.effects.map((effect) => {
        if (effect.kind === 'respond') return effect.status
        return effect.kind === 'deliver' ? effect.message.octets.toString() : 'aborted'
      })
    })
  }
  const chunk = (range: string, body: string, flag = '$', more: readonly string[] = []) =>
    send('abcd', ['Message-ID: 1', `Byte-Range: ${range}`, ...more], body, flag)

  const rows: readonly [string, readonly string[], readonly (number | string)[]][] = [
    ['one chunk', [chunk('1-5/5', 'hello')], ['hello']],
    ['no Byte-Range', [send('abcd', ['Message-ID: 1'], 'hello')], ['hello']],
    ['total unknown until the end', [chunk('1-*/*', 'hel', '+'), chunk('4-*/*', 'lo')], [200, 'hello']],
    ['in order', [chunk('1-3/5', 'hel', '+'), chunk('4-5/5', 'lo')], [200, 'hello']],
    ['out of order', [chunk('4-5/5', 'lo'), chunk('1-3/5', 'hel', '+')], [200, 'hello']],
    [
      'twice',
      [chunk('1-3/5', 'hel', '+'), chunk('1-3/5', 'hel', '+'), chunk('4-5/5', 'lo')],
      [200, 200, 'hello'],
    ],
    ['overlapping', [chunk('1-4/5', 'hell', '+'), chunk('3-5/5', 'llo')], [200, 'hello']],
    ['a shorter chunk than announced', [chunk('1-5/5', 'he', '+'), chunk('3-5/5', 'llo')], [200, 'hello']],
    ['empty', [chunk('1-0/0', '')], ['']],
    ['given up', [chunk('1-3/5', 'hel', '+'), chunk('4-5/5', '', '#')], [200, 200, 'aborted']],
    ['no body: opens the session', [send('abcd', ['Message-ID: 1'], undefined)], [200]],
    ['no Message-ID', [send('abcd', [], 'x')], [400]],
    ['a Byte-Range that is none', [chunk('x', 'x')], [400]],
    ['behind its total', [chunk('4-5/5', 'lo and more')], [423]],
    ['another total', [chunk('1-3/5', 'hel', '+'), chunk('4-6/6', 'lo!')], [200, 423]],
    ['larger than the limit', [chunk('1-3/70000', 'hel', '+')], [413]],
    ['far behind the limit', [chunk('4000000000-*/*', 'x', '+')], [413]],
  ]
  for (const [what, chunks, expected] of rows)
    test(what, () => {
      assert.deepEqual(outcome(chunks), expected)
    })

  test('§7.1.1: Failure-Report no: no response at all; partial: only one that says something', () => {
    const more = (value: string) => [`Failure-Report: ${value}`]
    assert.deepEqual(outcome([chunk('1-3/5', 'hel', '+', more('no'))]), [])
    assert.deepEqual(outcome([chunk('x', 'hel', '+', more('no'))]), [])
    assert.deepEqual(outcome([chunk('1-3/5', 'hel', '+', more('partial'))]), [])
    assert.deepEqual(outcome([chunk('x', 'hel', '+', more('partial'))]), [400])
  })

  test('bounds: messages under way, and pieces of one', () => {
    const limits = { ...DEFAULT_LIMITS, openMessages: 2, gaps: 3 }
    const started = (id: number) => send('abcd', [`Message-ID: ${id}`, 'Byte-Range: 1-1/9'], 'x', '+')
    assert.deepEqual(outcome([1, 2, 3].map(started), limits), [200, 200, 413])
    const pieces = [1, 3, 5, 7].map((at) => chunk(`${at}-${at}/9`, 'x', '+'))
    assert.deepEqual(outcome(pieces, limits), [200, 200, 200, 423])
  })

  test('§10.9: an unknown method is 501, a REPORT is never answered', () => {
    const other = (method: string) => send('abcd', [], undefined).replace('SEND', method)
    assert.deepEqual(outcome([other('AUTH'), other('REPORT'), other('NICKNAME')]), [501, 501])
  })

  test('a message of many pieces in any order is put together', () => {
    const text = Array.from({ length: 50 }, (_, i) => String.fromCharCode(65 + (i % 26))).join('')
    const assembly = new Assembly(DEFAULT_LIMITS)
    const order = Array.from({ length: 50 }, (_, i) => (i * 7) % 50)
    for (const at of order) {
      assert.equal(assembly.whole(), undefined)
      const range = { start: at + 1, end: at + 1, total: 50 }
      assert.equal(assembly.take(range, Buffer.from(text[at] ?? ''), at === 49), undefined)
    }
    assert.equal(assembly.whole()?.toString(), text)
  })
})

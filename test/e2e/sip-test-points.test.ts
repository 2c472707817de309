import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { CAUSES } from '@ipsmgw/causes'
import { type RawPeer, type RawResponse, rawTcp, rawUdp } from '../support/raw-sip.ts'
import { GatewayInLab, SCSCF } from './gateway.ts'
import { type Lines, request } from './raw-request.ts'
import { twoIngresses } from './two-ingresses.ts'

/** A tenth of RFC 3261's: the 100 over UDP is due after 350 ms, Timer J and F end at 3.2 s. */
const TIMERS = { t1Ms: 50, t2Ms: 400, t4Ms: 500 }
const TRYING_MS = 350
const ANSWER_BY_MS = 2_500

let numbers = 447_900_400_000
const anybody = () => String(++numbers)
const to = (number: string, rest: Lines = {}): Lines => ({ start: `MESSAGE tel:+${number} SIP/2.0`, ...rest })

describe('test points of the SIP side (docs/protocols/sip.md)', { concurrency: true }, () => {
  let gateway: GatewayInLab
  before(async () => {
    gateway = await GatewayInLab.start({
      policy: { anonymity: { mode: 'allow' } },
      sip: { timers: TIMERS, answerByMs: ANSWER_BY_MS },
    })
  })
  after(() => gateway.stop())

  const texts = (number: string) => gateway.lab.phones.messagesOf(number).map(({ text }) => text)

  async function exchange(octets: Buffer | string, transport: 'udp' | 'tcp' = 'tcp') {
    const peer = await (transport === 'udp' ? rawUdp : rawTcp)(SCSCF, gateway.sip)
    try {
      peer.send(octets)
      return await final(peer)
    } finally {
      peer.close()
    }
  }

  test('1. UDP, slow delivery: copies in Trying give nothing, one 100 when Timer E reaches T2, the final when it comes and again for later copies; one SMS', async (t) => {
    const number = anybody()
    gateway.set(number, { behaviour: 'reachable', delayMs: 700 })
    const peer = await rawUdp(SCSCF, gateway.sip)
    t.after(() => peer.close())
    const octets = request(to(number))
    const startedAt = performance.now()
    const answers = arrivals(peer, startedAt)
    for (const atMs of [0, 50, 150, 500]) {
      await until(startedAt, atMs)
      peer.send(octets)
    }
    await until(startedAt, 1_200)
    peer.send(octets)
    await until(startedAt, 1_400)
    const seen = await answers
    assert.deepEqual(
      seen.map(({ status }) => status),
      [100, 100, 200, 200],
    )
    const [first, , final] = seen
    assert.ok(first !== undefined && first.atMs >= TRYING_MS - 5, `100 after ${first?.atMs} ms`)
    assert.ok(final !== undefined && final.atMs >= 700, `final after ${final?.atMs} ms`)
    assert.deepEqual(texts(number), ['Hello'])
  })

  test('2. TCP, slow delivery: 100 after tryingDelay; one final on the same connection', async (t) => {
    const number = anybody()
    gateway.set(number, { behaviour: 'reachable', delayMs: 400 })
    const peer = await rawTcp(SCSCF, gateway.sip)
    t.after(() => peer.close())
    const startedAt = performance.now()
    peer.send(request(to(number), SCSCF, 'TCP'))
    assert.equal((await peer.next())?.status, 100)
    assert.ok(performance.now() - startedAt >= 195)
    assert.equal((await peer.next())?.status, 200)
    assert.equal(await peer.next(300), undefined)
  })

  test('3. Delivery answer after the deadline: 202 at the deadline, no second final', async (t) => {
    const number = anybody()
    gateway.set(number, { behaviour: 'reachable', delayMs: ANSWER_BY_MS + 300 })
    const peer = await rawTcp(SCSCF, gateway.sip)
    t.after(() => peer.close())
    const startedAt = performance.now()
    peer.send(request(to(number), SCSCF, 'TCP'))
    assert.equal((await peer.next())?.status, 100)
    assert.equal((await peer.next())?.status, 202)
    const elapsedMs = performance.now() - startedAt
    assert.ok(elapsedMs >= ANSWER_BY_MS - 50 && elapsedMs < ANSWER_BY_MS + 500, `${elapsedMs} ms`)
    assert.equal(await peer.next(600), undefined)
    assert.deepEqual(texts(number), ['Hello'])
  })

  test('4. Same request on two instances: the same branch, and another one after the connection was lost, are one SMS and each gets the final; 482 on one instance', async (t) => {
    const parts: Buffer[] = []
    const { promise: phone, resolve: answer } = Promise.withResolvers<void>()
    const ports = await twoIngresses(t, {
      deliver: async (tpdu) => {
        parts.push(tpdu)
        await phone
      },
    })
    const [one, two, lost] = await Promise.all([
      rawTcp(SCSCF, { host: '127.0.0.1', port: ports[0] }),
      rawTcp(SCSCF, { host: '127.0.0.1', port: ports[1] }),
      rawTcp(SCSCF, { host: '127.0.0.1', port: ports[0] }),
    ])
    t.after(() => [one, two, lost].forEach((peer) => void peer.close()))
    const same = to('447900400999', {
      From: '<tel:+447700900111>;tag=two',
      'Call-ID': 'two-instances',
      Via: `SIP/2.0/TCP ${SCSCF};branch=z9hG4bKtwo`,
    })
    lost.send(request(same, SCSCF, 'TCP'))
    assert.equal((await lost.next())?.status, 100)
    two.send(request(same, SCSCF, 'TCP'))
    assert.equal((await two.next())?.status, 100)
    one.send(request({ ...same, Via: `SIP/2.0/TCP ${SCSCF};branch=z9hG4bKthree` }, SCSCF, 'TCP'))
    assert.equal((await one.next())?.status, 482)
    lost.close()
    await delay(50)
    one.send(request({ ...same, Via: `SIP/2.0/TCP ${SCSCF};branch=z9hG4bKfour` }, SCSCF, 'TCP'))
    assert.equal((await one.next())?.status, 100)
    answer()
    assert.deepEqual([(await one.next())?.status, (await two.next())?.status], [200, 200])
    assert.equal(parts.length, 1)
  })

  test('5. CANCEL during delivery: 200 to CANCEL, the MESSAGE still gets 200', async (t) => {
    const number = anybody()
    gateway.set(number, { behaviour: 'reachable', delayMs: 100 })
    const peer = await rawTcp(SCSCF, gateway.sip)
    t.after(() => peer.close())
    const lines = {
      Via: `SIP/2.0/TCP ${SCSCF};branch=z9hG4bKc5`,
      'Call-ID': 'c5',
      From: '<tel:+447700900111>;tag=5',
    }
    peer.send(request(to(number, lines)))
    peer.send(request({ ...lines, start: `CANCEL tel:+${number} SIP/2.0` }))
    const answers = [await final(peer), await final(peer)]
    assert.deepEqual(
      answers.map((a) => [a?.status, a?.header('cseq')]),
      [
        [200, '1 CANCEL'],
        [200, '1 MESSAGE'],
      ],
    )
  })

  test('6. Each row of the causes: no 6xx, no 408, no other 1xx, 503 only for own overload, no 5xx after a forward but for a fault of our encoding (walked in failures.test.ts)', () => {
    for (const [cause, { status }] of Object.entries(CAUSES)) {
      assert.ok(status >= 200 && status < 600 && status !== 408, `${cause}: ${status}`)
      assert.equal(status === 503, cause === 'overloaded', cause)
      const isOurFault = ['unknownServiceCentre', 'protocolDefect', 'internalError', 'overloaded'].includes(
        cause,
      )
      assert.equal(status >= 500, isOurFault, cause)
    }
  })

  const CPIM = (headers: string, inner: string, eol = '\r\n') =>
    `${headers}${headers === '' ? '' : eol}${inner}`
  const ADDRESSES = 'From: <sip:a@b>\r\nTo: <sip:c@d>\r\n'
  const PLAIN = 'Content-Type: text/plain;charset=utf-8\r\n\r\nHello'
  const CPIM_FORMS: readonly [string, string][] = [
    ['strict form', CPIM(ADDRESSES, PLAIN)],
    ['no blank line before the inner headers', `${ADDRESSES}${PLAIN}`],
    [
      'NS without the space',
      CPIM(`${ADDRESSES}NS: imdn<urn:ietf:params:imdn>\r\nimdn.Message-ID: x\r\n`, PLAIN),
    ],
    ['two spaces after the colon', CPIM(ADDRESSES.replaceAll(': ', ':  '), PLAIN)],
    ['other letter case', CPIM(ADDRESSES, PLAIN.replace('Content-Type', 'Content-type'))],
    ['no > at the end of From', CPIM('From: <sip:a@b\r\nTo: <sip:c@d>\r\n', PLAIN)],
    [
      'base64',
      CPIM(ADDRESSES, 'Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\nSGVsbG8='),
    ],
    [
      'quoted-printable',
      CPIM(
        ADDRESSES,
        'Content-Type: text/plain\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nHell=6F',
      ),
    ],
    ['wrong inner length', CPIM(ADDRESSES, `Content-Length: 2\r\n${PLAIN}`)],
    ['bare LF', CPIM(ADDRESSES, PLAIN).replaceAll('\r\n', '\n')],
    ['fractional DateTime', CPIM(`${ADDRESSES}DateTime: 2026-10-24T10:24:11.270+08:00\r\n`, PLAIN)],
    [
      'another NS prefix',
      CPIM(
        `${ADDRESSES}NS: n <urn:ietf:params:imdn>\r\nn.Message-ID: x\r\nn.Disposition-Notification: \r\n`,
        PLAIN,
      ),
    ],
    [
      'multipart/mixed inside',
      CPIM(ADDRESSES, `Content-Type: multipart/mixed;boundary=b\r\n\r\n--b\r\n${PLAIN}\r\n--b--\r\n`),
    ],
  ]
  for (const [form, body] of CPIM_FORMS)
    test(`8. CPIM, ${form}: delivered`, async () => {
      const number = anybody()
      const answer = await exchange(request(to(number, { 'Content-Type': 'message/cpim', body })))
      assert.equal(answer?.status, 200)
      assert.deepEqual(texts(number), ['Hello'])
    })

  const TYPES: readonly [string, Lines, number, [string, RegExp]?][] = [
    ['image', { 'Content-Type': 'image/png' }, 415, ['Accept', /text\/plain/]],
    ['gzip', { more: ['Content-Encoding: gzip'] }, 415, ['Accept-Encoding', /^identity$/]],
    ['a broken byte', { 'Content-Type': 'text/plain;charset=utf-8', body: Buffer.from([0x48, 0xff]) }, 400],
    ['empty', { body: '' }, 400],
    ['11 segments', { body: 'x'.repeat(1_600) }, 413, ['Warning', /133 Size exceeded/]],
  ]
  for (const [what, lines, status, header] of TYPES)
    test(`9. Types, ${what}: ${status}`, async () => {
      const number = anybody()
      const answer = await exchange(request(to(number, lines)))
      assert.equal(answer?.status, status)
      if (header !== undefined) assert.match(answer?.header(header[0]) ?? '', header[1])
      assert.deepEqual(texts(number), [])
    })

  test('10. imdn+xml received: 200 and no SMS', async () => {
    const number = anybody()
    const lines = { 'Content-Type': 'message/imdn+xml', body: '<imdn/>' }
    assert.equal((await exchange(request(to(number, lines))))?.status, 200)
    assert.equal(gateway.lab.nodesLog.entries(number).length, 0)
  })

  const OTHERS: readonly [string, string, number, [string, RegExp]?][] = [
    ['OPTIONS keep-alive', 'OPTIONS', 200, ['Allow', /MESSAGE/]],
    ['REGISTER', 'REGISTER', 200, ['Expires', /^7200$/]],
    ['FOO', 'FOO', 501, ['Allow', /MESSAGE/]],
    ['INVITE (large-message mode off)', 'INVITE', 405, ['Allow', /MESSAGE/]],
    ['SUBSCRIBE', 'SUBSCRIBE', 405, ['Allow', /MESSAGE/]],
    ['NOTIFY', 'NOTIFY', 405, ['Allow', /MESSAGE/]],
    ['PUBLISH', 'PUBLISH', 405, ['Allow', /MESSAGE/]],
    ['REFER', 'REFER', 405, ['Allow', /MESSAGE/]],
    ['INFO', 'INFO', 405, ['Allow', /MESSAGE/]],
  ]
  for (const [what, method, status, [name, value] = ['Allow', /./]] of OTHERS)
    test(`12. ${what}: ${status} with ${name}`, async () => {
      const start = `${method} sip:127.0.0.1:5060 SIP/2.0`
      const answer = await exchange(request({ start, more: ['Expires: 7200', 'Max-Forwards: 0'], body: '' }))
      assert.equal(answer?.status, status)
      assert.match(answer?.header(name) ?? '', value)
    })

  test('12. Require: foo gives 420 with Unsupported: foo; ACK gives silence; Max-Forwards: 0 is processed', async (t) => {
    const refused = await exchange(request(to(anybody(), { more: ['Require: foo'] })))
    assert.deepEqual([refused?.status, refused?.header('unsupported')], [420, 'foo'])
    const peer = await rawTcp(SCSCF, gateway.sip)
    t.after(() => peer.close())
    peer.send(request({ start: `ACK tel:+${anybody()} SIP/2.0`, body: '' }))
    peer.send(request(to(anybody(), { more: ['Max-Forwards: 0'] })))
    const answer = await peer.next()
    assert.deepEqual([answer?.status, answer?.header('cseq')], [200, '1 MESSAGE'])
  })

  test('13. Stream framing: two requests in one segment, and one in single octets', async (t) => {
    const number = anybody()
    const peer = await rawTcp(SCSCF, gateway.sip)
    t.after(() => peer.close())
    const message = (body: string) => request(to(number, { body }), SCSCF, 'TCP')
    peer.send(Buffer.concat([message('one'), message('two')]))
    assert.deepEqual([(await peer.next())?.status, (await peer.next())?.status], [200, 200])
    for (const octet of message('three')) peer.send(Buffer.from([octet]))
    assert.equal((await peer.next())?.status, 200)
    assert.deepEqual(texts(number), ['one', 'two', 'three'])
  })

  test('13. Stream framing: a NUL inside a body, double CRLF answered by one, no Content-Length, a head above the limit', async (t) => {
    const number = anybody()
    const peer = await rawTcp(SCSCF, gateway.sip)
    t.after(() => peer.close())
    peer.send(Buffer.concat([Buffer.from('\r\n\r\n'), request(to(number, { body: 'a\0b' }))]))
    const answer = await peer.next()
    // The keep-alive's answer comes first.
    assert.match(answer?.text ?? '', /^\r\nSIP\/2\.0 200 /)
    assert.deepEqual(texts(number), ['ab'])
    const bare = request(to(number))
      .toString()
      .replace(/Content-Length: .*\r\n/, '')
    assert.equal((await exchange(bare))?.status, 400)
    const huge = await exchange(request(to(number, { more: [`X: ${'x'.repeat(40_000)}`] })))
    assert.ok([400, 513].includes(huge?.status ?? 0), String(huge?.status))
  })

  test('RFC 2543 branches: two requests without a branch are two, a copy of one is one', async (t) => {
    const number = anybody()
    const peer = await rawUdp(SCSCF, gateway.sip)
    t.after(() => peer.close())
    const bare = (id: string) =>
      request(
        to(number, {
          Via: `SIP/2.0/UDP ${SCSCF}:${peer.port}`,
          'Call-ID': id,
          body: id,
          From: '<tel:+447700900111>;tag=o',
        }),
      )
    peer.send(bare('old-1'))
    peer.send(bare('old-2'))
    peer.send(bare('old-1'))
    const answers: (RawResponse | undefined)[] = [await peer.next(), await peer.next()]
    assert.deepEqual(
      answers.map((a) => a?.status),
      [200, 200],
    )
    assert.deepEqual(texts(number).toSorted(), ['old-1', 'old-2'])
  })
})

/** The next answer that is no 100. */
async function final(peer: RawPeer): Promise<RawResponse | undefined> {
  for (;;) {
    const answer = await peer.next()
    if (answer === undefined || answer.status >= 200) return answer
  }
}

/** Everything that comes until 1.4 s after the start, with its time. */
async function arrivals(peer: RawPeer, startedAt: number) {
  const seen: { status: number; atMs: number }[] = []
  for (;;) {
    const answer = await peer.next(Math.max(1, startedAt + 1_400 - performance.now()))
    if (answer === undefined) return seen
    seen.push({ status: answer.status, atMs: performance.now() - startedAt })
  }
}

async function until(startedAt: number, atMs: number): Promise<void> {
  await delay(Math.max(0, startedAt + atMs - performance.now()))
}

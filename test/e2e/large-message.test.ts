import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, describe, test } from 'node:test'
import type { SubscriberSetting } from '@ipsmgw/test/lab'
import { MsrpSender } from '../support/msrp-sender.ts'
import { NotifiedCore } from '../support/notified-core.ts'
import { ANSWER_BY_MS, GatewayInLab, SCSCF } from './gateway.ts'

const CORE = '127.0.0.23'
const TEXT = 'A large message, longer than one short message holds. '.repeat(12).trim()
const PARTS = 5
const head = (lines: readonly string[] = []) =>
  ['From: <sip:anonymous@anonymous.invalid>', 'To: <sip:anonymous@anonymous.invalid>', ...lines].join('\r\n')
const cpim = (text: string, lines: readonly string[] = []) =>
  Buffer.from(`${head(lines)}\r\n\r\nContent-Type: text/plain;charset=UTF-8\r\n\r\n${text}`)

let gateway: GatewayInLab
let core: NotifiedCore
let sender: MsrpSender
let number = 447_900_900_000

function subscriber(setting: Partial<SubscriberSetting> = {}): { digits: string; uri: string } {
  const digits = String(++number)
  gateway.set(digits, { behaviour: 'reachable', node: 'mme', ...setting })
  return { digits, uri: `tel:+${digits}` }
}

async function start(mode: object): Promise<void> {
  core = await NotifiedCore.open(CORE)
  gateway = await GatewayInLab.start({
    policy: { homeDomains: ['ims.example'] },
    sip: {
      peers: [{ name: 'scscf', addresses: [SCSCF], notificationRoute: core.route }],
      largeMessageMode: { port: 0, ...mode },
      timers: { t1Ms: 50, t2Ms: 400 },
    },
  })
}

async function stop(): Promise<void> {
  await gateway.stop()
  await core.close()
}

describe('CPM large-message mode (RFC 3261 §13, RFC 4975)', () => {
  before(() => start({ enabled: true, completeWithinMs: 6_000 }))
  after(stop)
  beforeEach(async () => {
    sender = await MsrpSender.open(SCSCF, gateway.sip)
  })
  afterEach(() => sender.close())

  for (const chunkOctets of [undefined, 100, 1])
    test(`RFC 4975 §5.1: one concatenated SMS from chunks of ${chunkOctets ?? 'all'} octets; the last response waits for the phone`, async () => {
      const to = subscriber()
      const size = chunkOctets === undefined ? {} : { chunkOctets }
      const response = await sender.send({
        to: to.uri,
        contentType: 'message/cpim',
        body: cpim(TEXT),
        successReport: true,
        ...size,
      })
      assert.match(response.startLine, / 200 OK$/)
      const [message] = gateway.lab.phones.messagesOf(to.digits)
      assert.equal(message?.text, TEXT)
      assert.equal(gateway.lab.nodesLog.entries(to.digits).length, PARTS)
      const report = await sender.report()
      assert.equal(report.header('status'), '000 200 OK')
      const octets = cpim(TEXT).length
      assert.equal(report.header('byte-range'), `1-${octets}/${octets}`)
      assert.match((await sender.hangUp()).startLine, /^SIP\/2\.0 200 /)
    })

  const failures: readonly [string, Partial<SubscriberSetting>, string, RegExp][] = [
    ['an absent phone', { behaviour: 'absent' }, '408 Request Timeout', /^SIP;cause=480, Q\.850;cause=20/],
    ['an unknown number', { behaviour: 'unknown' }, '403 Forbidden', /^SIP;cause=404, Q\.850;cause=1/],
    ['a barred phone', { behaviour: 'barred' }, '403 Forbidden', /^SIP;cause=403, Q\.850;cause=21/],
    ['a full phone', { behaviour: 'memory-full' }, '408 Request Timeout', /^SIP;cause=480, Q\.850;cause=47/],
  ]
  for (const [what, setting, status, reason] of failures)
    test(`RFC 4975 §7.2, RFC 3326: ${what} is a ${status} to the last chunk, then BYE with the cause`, async () => {
      const to = subscriber(setting)
      const body = cpim(TEXT)
      const response = await sender.send({ to: to.uri, contentType: 'message/cpim', body, chunkOctets: 200 })
      assert.ok(response.startLine.endsWith(status), response.startLine)
      const bye = await sender.bye()
      assert.match(bye.header('reason') ?? '', reason)
      assert.equal(bye.header('call-id'), sender.callId)
    })

  test('RFC 4975 §7.1.2: an outcome that nobody knows is 200; a late success is a report, and a notification', async () => {
    const to = subscriber({ delayMs: ANSWER_BY_MS + 500 })
    const lines = [
      'NS: imdn <urn:ietf:params:imdn>',
      'imdn.Message-ID: large-1',
      'DateTime: 2026-10-24T02:24:17Z',
      'imdn.Disposition-Notification: positive-delivery',
    ]
    const body = cpim('Hello', lines)
    const response = await sender.send({ to: to.uri, contentType: 'message/cpim', body, successReport: true })
    assert.match(response.startLine, / 200 OK$/)
    assert.match((await core.about('large-1', 1))[0]?.body ?? '', /<delivered\/>/)
    assert.equal((await sender.report()).header('status'), '000 200 OK')
  })

  const lateFailures: readonly ['yes' | 'partial' | 'no', number][] = [
    ['yes', 1],
    ['partial', 1],
    ['no', 0],
  ]
  for (const [failureReport, reports] of lateFailures)
    test(`RFC 4975 §7.1.2: Failure-Report ${failureReport}: a message that failed after it was taken is ${reports === 0 ? 'no report' : 'a report of its status'}, and BYE`, async () => {
      const to = subscriber({ behaviour: 'absent', delayMs: ANSWER_BY_MS + 500 })
      await sender.invite(to.uri)
      await sender.connect()
      const headers = ['Message-ID: late-1', 'Byte-Range: 1-5/5', `Failure-Report: ${failureReport}`]
      const id = sender.sendChunk(headers, 'text/plain', Buffer.from('Hello'), '$')
      if (failureReport === 'yes') assert.match((await sender.response(id)).startLine, / 200 OK$/)
      assert.match((await sender.bye()).header('reason') ?? '', /^SIP;cause=480, Q\.850;cause=20/)
      const reported = sender.msrp.filter(({ startLine }) => startLine.endsWith('REPORT'))
      assert.equal(reported.length, reports)
      for (const report of reported) {
        assert.equal(report.header('status'), '000 408 Request Timeout')
        assert.equal(report.header('message-id'), 'late-1')
        assert.equal(report.header('byte-range'), '1-5/5')
      }
      assert.equal(sender.msrp.length, reports + (failureReport === 'yes' ? 1 : 0))
    })

  test('§7.1.1: Failure-Report no: nothing but BYE tells of a failure', async () => {
    const to = subscriber({ behaviour: 'absent' })
    await sender.invite(to.uri)
    await sender.connect()
    sender.sendChunk(['Message-ID: 1', 'Failure-Report: no'], 'text/plain', Buffer.from('x'), '$')
    assert.match((await sender.bye()).header('reason') ?? '', /^SIP;cause=480/)
    assert.equal(sender.msrp.length, 0)
  })

  const contents: readonly [string, string, Buffer, string, number][] = [
    ['an image', 'image/png', Buffer.from('x'), '415 Unsupported Media Type', 415],
    ['eleven parts', 'text/plain', Buffer.from('x'.repeat(153 * 10 + 1)), '413 Message Too Large', 413],
    ['broken text', 'text/plain;charset=utf-8', Buffer.of(0xff, 0xfe, 0x80), '400 Bad Request', 400],
  ]
  for (const [what, contentType, body, status, cause] of contents)
    test(`RFC 4975 §10: ${what}: ${status}, and BYE`, async () => {
      const response = await sender.send({ to: subscriber().uri, contentType, body })
      assert.ok(response.startLine.endsWith(status), response.startLine)
      assert.match((await sender.bye()).header('reason') ?? '', new RegExp(`^SIP;cause=${cause}`))
    })

  test('§7.3: a message above max-size is 413 before it has come', async () => {
    await sender.invite(subscriber().uri)
    await sender.connect()
    const id = sender.sendChunk(
      ['Message-ID: 1', 'Byte-Range: 1-3/70000'],
      'text/plain',
      Buffer.from('abc'),
      '+',
    )
    assert.match((await sender.response(id)).startLine, / 413 /)
  })

  test('§7.3, §5.4: a session that is none is 481, one that is in use is 506', async () => {
    const final = await sender.invite(subscriber().uri)
    await sender.connect()
    const path = /^a=path:(\S+)/m.exec(final.text)?.[1] ?? ''
    const chunk = (who: MsrpSender, to: string) =>
      who.sendChunk(['Message-ID: 1', 'Byte-Range: 1-1/2'], 'text/plain', Buffer.from('x'), '+', to)
    const other = path.replace(/\/[0-9a-f]+;/, '/0123456789abcdef;')
    assert.match((await sender.response(chunk(sender, other))).startLine, / 481 /)
    assert.match((await sender.response(chunk(sender, path))).startLine, / 200 /)
    const second = await MsrpSender.open(SCSCF, gateway.sip)
    try {
      await second.invite(subscriber().uri)
      await second.connect()
      assert.match((await second.response(chunk(second, path))).startLine, / 506 /)
    } finally {
      second.close()
    }
  })

  test('§5.4: the opening SEND of a session that is none, and of one that has ended, is 481; that of a live one 200', async () => {
    const final = await sender.invite(subscriber().uri)
    await sender.connect()
    const path = /^a=path:(\S+)/m.exec(final.text)?.[1] ?? ''
    const open = async (to: string) => (await sender.response(sender.sendOpening(to))).startLine
    assert.match(await open(path.replace(/\/[0-9a-f]+;/, '/0123456789abcdef;')), / 481 /)
    assert.match(await open(path), / 200 /)
    await sender.hangUp()
    const late = await MsrpSender.open(SCSCF, gateway.sip)
    try {
      await late.invite(subscriber().uri)
      await late.connect()
      assert.match((await late.response(late.sendOpening(path))).startLine, / 481 /)
    } finally {
      late.close()
    }
  })

  const refused: readonly [string, { offer?: string; headers?: readonly string[] }, string, number][] = [
    ['a recipient of another network', {}, 'sip:alice@elsewhere.example', 404],
    ['no offer', { offer: '' }, '', 488],
    ['an offer that is none', { offer: 'hello' }, '', 400],
    ['no message session in it', { offer: 'v=0\r\nm=audio 1 RTP/AVP 0\r\n' }, '', 488],
  ]
  for (const [what, options, uri, status] of refused)
    test(`RFC 3261 §13.3.1.3: ${what}: ${status}, acknowledged`, async () => {
      const final = await sender.invite(uri === '' ? subscriber().uri : uri, options)
      assert.match(final.startLine, new RegExp(`^SIP/2\\.0 ${status} `))
    })

  test('RFC 3261 §15.1.2: a BYE of nobody is 481, a second INVITE in the dialog 488', async () => {
    await sender.invite(subscriber().uri)
    assert.match((await sender.hangUp()).startLine, /^SIP\/2\.0 200 /)
    assert.match((await sender.hangUp()).startLine, /^SIP\/2\.0 481 /)
  })

  test('a session in which no whole message comes ends with BYE', async () => {
    await sender.invite(subscriber().uri)
    await sender.connect()
    sender.sendChunk(['Message-ID: 1', 'Byte-Range: 1-1/9'], 'text/plain', Buffer.from('x'), '+')
    assert.match((await sender.bye()).startLine, /^BYE sip:client@/)
  })
})

describe('large-message mode switched off', () => {
  before(() => start({}))
  after(stop)

  test('RFC 3261 §8.2.1: INVITE is 405 with Allow', async () => {
    const peer = await MsrpSender.open(SCSCF, gateway.sip)
    try {
      const final = await peer.invite(subscriber().uri)
      assert.match(final.startLine, /^SIP\/2\.0 405 /)
      assert.equal(final.header('allow'), 'MESSAGE, OPTIONS, REGISTER, CANCEL')
    } finally {
      peer.close()
    }
  })
})

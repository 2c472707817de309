import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { rawTcp, rawUdp } from '../support/raw-sip.ts'
import { GatewayInLab, SCSCF } from './gateway.ts'
import { type Lines, request } from './raw-request.ts'

let numbers = 447_900_690_000
const anybody = () => String(++numbers)
const ALLOW = { Allow: /^MESSAGE, OPTIONS, REGISTER, CANCEL$/ }
const to = (number: string, rest: Lines = {}): Lines => ({ start: `MESSAGE tel:+${number} SIP/2.0`, ...rest })
const method = (name: string, rest: Lines = {}): Lines => ({
  start: `${name} sip:127.0.0.1:5060 SIP/2.0`,
  body: '',
  'Content-Type': undefined,
  ...rest,
})
const texts = (gateway: GatewayInLab, number: string) =>
  gateway.lab.phones.messagesOf(number).map(({ text }) => text)

interface Row {
  readonly what: string
  readonly lines: Lines
  readonly over?: 'udp' | 'tcp'
  /** None: no answer; the one that comes belongs to the OPTIONS behind it. */
  readonly status?: number
  readonly headers?: Readonly<Record<string, RegExp>>
  /** The connection is closed afterwards. */
  readonly closes?: boolean
}

const REGISTERED = [
  'Contact: <sip:scscf1.ims.example>',
  'P-Charging-Vector: icid-value=1;orig-ioi=home1.example',
  'P-Charging-Function-Addresses: ccf=192.0.2.9',
] as const

/** docs/protocols/sip.md "Other requests", row by row; what needs several requests follows below. */
const ROWS: readonly Row[] = [
  { what: 'CANCEL of nothing', lines: method('CANCEL'), status: 481 },
  {
    what: 'CANCEL of nothing, Require ignored',
    lines: method('CANCEL', { more: ['Require: foo'] }),
    status: 481,
  },
  { what: 'ACK', lines: method('ACK') },
  ...['INVITE', 'UPDATE', 'PRACK', 'BYE', 'INFO', 'REFER', 'SUBSCRIBE', 'PUBLISH', 'NOTIFY'].map((name) => ({
    what: name,
    lines: method(name),
    status: 405,
    headers: ALLOW,
  })),
  { what: 'any other token', lines: method('FOO'), status: 501, headers: ALLOW },
  {
    what: 'OPTIONS',
    lines: method('OPTIONS'),
    status: 200,
    headers: {
      ...ALLOW,
      Accept: /^text\/plain, message\/cpim, /,
      'Accept-Encoding': /^identity$/,
      'Accept-Language': /./,
      Supported: /^$/,
      'Content-Length': /^0$/,
    },
  },
  {
    what: 'OPTIONS with Max-Forwards 0',
    lines: method('OPTIONS', { more: ['Max-Forwards: 0'] }),
    status: 200,
  },
  ...['7200', '0'].map((expires) => ({
    what: `REGISTER of a third party, Expires ${expires}`,
    lines: method('REGISTER', { more: [...REGISTERED, `Expires: ${expires}`] }),
    status: 200,
    headers: { Expires: new RegExp(`^${expires}$`) },
  })),
  {
    what: 'REGISTER of a third party with a body',
    lines: method('REGISTER', {
      more: [...REGISTERED, 'Expires: 600000'],
      'Content-Type': 'multipart/mixed;boundary=b',
      body: '--b\r\nContent-Type: message/sip\r\n\r\nREGISTER sip:ims.example SIP/2.0\r\n\r\n--b--',
    }),
    status: 200,
    headers: { Expires: /^600000$/ },
  },
  { what: 'MESSAGE with Max-Forwards 0', lines: { more: ['Max-Forwards: 0'] }, status: 200 },
  { what: 'MESSAGE without Max-Forwards', lines: {}, status: 200 },
  {
    what: 'MESSAGE with Require',
    lines: { more: ['Require: x'] },
    status: 420,
    headers: { Unsupported: /^x$/ },
  },
  { what: 'MESSAGE with Proxy-Require', lines: { more: ['Proxy-Require: x'] }, status: 200 },
  { what: 'wrong SIP version', lines: { start: 'MESSAGE tel:+447900690000 SIP/2.1' }, status: 505 },
  { what: 'Content-Length beyond the datagram', lines: { 'Content-Length': '6' }, status: 400 },
  { what: 'negative Content-Length, datagram', lines: { 'Content-Length': '-5' }, status: 400 },
  { what: 'Content-Length that is no number, datagram', lines: { 'Content-Length': 'five' }, status: 400 },
  { what: 'conflicting Content-Length, datagram', lines: { more: ['Content-Length: 3'] }, status: 400 },
  ...['-5', 'five'].map((length) => ({
    what: `Content-Length ${length}, stream`,
    lines: { 'Content-Length': length },
    over: 'tcp' as const,
    status: 400,
    closes: true,
  })),
  {
    what: 'conflicting Content-Length, stream',
    lines: { more: ['Content-Length: 3'] },
    over: 'tcp',
    status: 400,
    closes: true,
  },
  {
    what: 'octets after the body in a datagram',
    lines: { 'Content-Length': '5', body: 'Hello and more' },
    status: 200,
  },
  { what: 'a response nobody waits for', lines: { start: 'SIP/2.0 200 OK' } },
]

describe('other requests (docs/protocols/sip.md, table 3.7)', () => {
  let gateway: GatewayInLab
  before(async () => {
    gateway = await GatewayInLab.start()
  })
  after(() => gateway.stop())

  for (const { what, lines, over = 'udp', status, headers = {}, closes = false } of ROWS)
    test(`3.7 row ${what}: ${status ?? 'silence'}`, async (t) => {
      const number = anybody()
      const peer = await (over === 'udp' ? rawUdp : rawTcp)(SCSCF, gateway.sip)
      t.after(() => peer.close())
      peer.send(request(to(number, lines), SCSCF, over.toUpperCase()))
      if (status === undefined) peer.send(request(method('OPTIONS', { 'Call-ID': 'behind' })))
      const answer = await peer.next()
      assert.equal(answer?.status, status ?? 200)
      assert.equal(answer?.header('call-id') === 'behind', status === undefined)
      for (const [name, value] of Object.entries(headers))
        assert.match(answer?.header(name) ?? 'none', value, name)
      if (closes) await peer.closed
      const isMessage = !('start' in lines)
      assert.deepEqual(texts(gateway, number), isMessage && status === 200 ? ['Hello'] : [])
    })

  test('3.7 row CANCEL of a MESSAGE: 200, with Require too, and the MESSAGE goes on to its own 200', async (t) => {
    const number = anybody()
    gateway.set(number, { behaviour: 'reachable', delayMs: 300 })
    const peer = await rawUdp(SCSCF, gateway.sip)
    t.after(() => peer.close())
    const same = {
      Via: `SIP/2.0/UDP ${SCSCF};branch=z9hG4bK${number};rport`,
      From: '<tel:+447700900111>;tag=c',
      'Call-ID': number,
    }
    peer.send(request(to(number, same)))
    peer.send(request({ ...same, start: `CANCEL tel:+${number} SIP/2.0`, more: ['Require: foo'] }))
    const answers = [await peer.next(), await peer.next()]
    assert.deepEqual(
      answers.map((answer) => [answer?.status, answer?.header('cseq')]),
      [
        [200, '1 CANCEL'],
        [200, '1 MESSAGE'],
      ],
    )
    assert.deepEqual(texts(gateway, number), ['Hello'])
  })

  test('3.7 row Content-Length beyond what came, stream: waits for the rest', async (t) => {
    const number = anybody()
    const peer = await rawTcp(SCSCF, gateway.sip)
    t.after(() => peer.close())
    peer.send(request(to(number, { 'Content-Length': '9' }), SCSCF, 'TCP'))
    assert.equal(await peer.next(200), undefined)
    peer.send(' Bob')
    assert.equal((await peer.next())?.status, 200)
    assert.deepEqual(texts(gateway, number), ['Hello Bob'])
  })

  test('3.7 a datagram of 60,000 octets is a request like any other: 413 for its parts', async (t) => {
    const peer = await rawUdp(SCSCF, gateway.sip)
    t.after(() => peer.close())
    peer.send(request(to(anybody(), { body: 'x'.repeat(60_000) })))
    assert.equal((await peer.next())?.status, 413)
  })
})

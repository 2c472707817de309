import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { messageRefused } from '@ipsmgw/events'
import { eventually } from '../support/eventually.ts'
import { type RawResponse, rawTcp, rawUdp } from '../support/raw-sip.ts'
import { spyOnBus } from './bus-spy.ts'
import { CPM_AS, GatewayInLab, SCSCF, STRANGER, UNTRUSTED } from './gateway.ts'
import { type Lines, request, TO } from './raw-request.ts'
import { Sender } from './sender.ts'

interface Row {
  readonly what: string
  readonly lines: Lines
  readonly status: number
  /** Headers that the answer must have. */
  readonly headers?: Readonly<Record<string, RegExp>>
  /** Address it comes from. Default: the S-CSCF. */
  readonly from?: string
}

const ACCEPT = { Accept: /text\/plain, message\/cpim, multipart\/mixed, multipart\/alternative/ }
const ALLOW = { Allow: /^MESSAGE, OPTIONS, REGISTER, CANCEL$/ }
const uri = (text: string): Lines => ({ start: `MESSAGE ${text} SIP/2.0` })
const method = (name: string): Lines => ({ start: `${name} tel:+${TO} SIP/2.0` })
const typed = (type: string | undefined, body: string | Buffer = 'Hello', more: string[] = []): Lines => ({
  'Content-Type': type,
  body,
  more,
})
const cpim = (inner: string) => `From: <sip:a@b>\r\nTo: <sip:c@d>\r\n\r\n${inner}`

/** docs/protocols/sip-processing.md, in the order of its rows. */
const ROWS: readonly Row[] = [
  { what: '1 a header line that is none', lines: { more: ['this is no header'] }, status: 400 },
  { what: '1 a missing Call-ID', lines: { 'Call-ID': '' }, status: 400 },
  { what: '1 a CSeq that is no number', lines: { CSeq: 'x MESSAGE' }, status: 400 },
  { what: '1 a CSeq of another method', lines: { CSeq: '1 OPTIONS' }, status: 400 },
  { what: '1 a From that never closes', lines: { From: '<tel:+447700900111;tag=a' }, status: 400 },
  { what: '1 a Content-Length beyond the datagram', lines: { 'Content-Length': '9999' }, status: 400 },
  { what: '1 a negative Content-Length', lines: { 'Content-Length': '-1' }, status: 400 },
  { what: '1 two From headers', lines: { more: ['From: <tel:+447700900112>;tag=b'] }, status: 400 },
  { what: '1 another SIP version', lines: { start: `MESSAGE tel:+${TO} SIP/7.0` }, status: 505 },
  { what: '2 an address of no peer', lines: {}, status: 403, from: STRANGER },
  { what: '5 a method of another job', lines: method('INVITE'), status: 405, headers: ALLOW },
  { what: '5 SUBSCRIBE', lines: method('SUBSCRIBE'), status: 405, headers: ALLOW },
  { what: '5 a method that is none', lines: method('FOO'), status: 501, headers: ALLOW },
  { what: '6 im: as Request-URI', lines: uri('im:bob@ims.invalid'), status: 416 },
  { what: '6 an emergency service', lines: uri('urn:service:sos'), status: 416 },
  { what: '7 a foreign domain', lines: uri('sip:bob@elsewhere.invalid'), status: 404 },
  { what: '7 a foreign number as a SIP URI', lines: uri('sip:+447900300001@elsewhere.invalid'), status: 404 },
  {
    what: '7 a local number of an unknown plan',
    lines: uri('tel:7042;phone-context=example.invalid'),
    status: 404,
  },
  { what: '7 a local number without context', lines: uri('tel:07900300001'), status: 484 },
  { what: '7 an extension', lines: uri('tel:+447900300001;ext=12'), status: 404 },
  { what: '7 an unknown mandatory parameter', lines: uri('tel:+447900300001;m-foo=1'), status: 404 },
  { what: '7 a country code of 0', lines: uri('tel:+0447900300001'), status: 484 },
  { what: '7 a number of 16 digits', lines: uri('tel:+4479003000010000'), status: 484 },
  { what: '8 To with a tag', lines: { To: `<tel:+${TO}>;tag=x` }, status: 481 },
  { what: '10 Require', lines: { more: ['Require: foo'] }, status: 420, headers: { Unsupported: /^foo$/ } },
  {
    what: '11 a picture',
    lines: typed('image/png', Buffer.from([0x89, 0x50])),
    status: 415,
    headers: ACCEPT,
  },
  {
    what: '11 a picture inside CPIM',
    lines: typed('message/cpim', cpim('Content-Type: image/png\r\n\r\nx')),
    status: 415,
  },
  { what: '11 HTML', lines: typed('text/html', '<b>x</b>'), status: 415, headers: ACCEPT },
  { what: '11 a charset nobody has', lines: typed('text/plain;charset=x-none'), status: 415 },
  {
    what: '11 gzip',
    lines: typed('text/plain', 'x', ['Content-Encoding: gzip']),
    status: 415,
    headers: { 'Accept-Encoding': /identity/ },
  },
  { what: '11 an encrypted body', lines: typed('application/pkcs7-mime', 'x'), status: 493 },
  {
    what: '11 broken UTF-8',
    lines: typed('text/plain;charset=utf-8', Buffer.from([0x48, 0xff])),
    status: 400,
  },
  { what: '11 an empty body', lines: typed('text/plain', ''), status: 400 },
  { what: '11 a body without a type', lines: typed(undefined), status: 400 },
  { what: '11 a multipart without a boundary', lines: typed('multipart/mixed', 'x'), status: 400 },
  {
    what: '13 validity over before it came',
    lines: { more: ['Date: Sat, 24 Oct 2020 02:24:11 GMT', 'Expires: 60'] },
    status: 480,
    headers: { Warning: /expired/ },
  },
  { what: '14 no P-Asserted-Identity', lines: { 'P-Asserted-Identity': undefined }, status: 403 },
  { what: '14 P-Asserted-Identity of a peer that is not trusted', lines: {}, status: 403, from: UNTRUSTED },
  {
    what: '14 P-Asserted-Identity without a usable scheme',
    lines: { 'P-Asserted-Identity': '<mailto:a@b>' },
    status: 403,
  },
  {
    what: 'P-Served-User of the calling side',
    lines: { more: [`P-Served-User: <tel:+${TO}>;sescase=orig;regstate=reg`] },
    status: 403,
  },
  {
    what: 'P-Served-User of a peer that may not say it',
    lines: { more: [`P-Served-User: <tel:+${TO}>;sescase=term;regstate=reg`] },
    status: 403,
    from: CPM_AS,
  },
  {
    what: 'critical Privacy that nobody can honour',
    lines: { more: ['Privacy: critical;sideways'] },
    status: 433,
  },
  { what: 'CANCEL of nothing', lines: method('CANCEL'), status: 481 },
]

describe('bad SIP input: refused at once, with nothing on the bus but the record of it (docs/protocols/sip-processing.md)', () => {
  let gateway: GatewayInLab
  before(async () => {
    gateway = await GatewayInLab.start({ policy: { homeDomains: ['ims.invalid'] } })
  })
  after(() => gateway.stop())

  for (const { what, lines, status, headers = {}, from = SCSCF } of ROWS) {
    test(`row ${what}: ${status}`, async (t) => {
      const published = spyOnBus(t)
      const peer = await rawUdp(from, gateway.sip)
      t.after(() => peer.close())
      peer.send(request(lines, from))
      const answer = await peer.next()
      assert.equal(answer?.status, status)
      assert.ok(answer?.header('via') || /malformed/.test(what), 'Via comes back')
      for (const [name, value] of Object.entries(headers))
        assert.match(answer?.header(name) ?? '', value, name)
      assert.deepEqual(
        published.filter(({ topic }) => topic !== messageRefused.name),
        [],
      )
      assert.deepEqual(gateway.lab.hssLog.entries(), [])
    })
  }

  /** What must stay without any answer: the one that comes belongs to the OPTIONS behind it. */
  const DROPPED: readonly [string, string | Buffer][] = [
    ['1 a top Via that nobody can read', request({ Via: 'nonsense' })],
    ['1 no SIP at all', Buffer.from([0, 1, 2, 3, 255])],
    ['1 an empty datagram', ''],
    [
      'a response that nobody waits for',
      `SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP ${SCSCF};branch=z9hG4bKx\r\n\r\n`,
    ],
    ['ACK', request(method('ACK'))],
  ]
  for (const [what, octets] of DROPPED) {
    test(`row ${what}: silence, and the next request is answered`, async (t) => {
      const published = spyOnBus(t)
      const peer = await rawUdp(SCSCF, gateway.sip)
      t.after(() => peer.close())
      peer.send(octets)
      peer.send(request({ ...method('OPTIONS'), 'Call-ID': 'behind' }))
      const answer = await peer.next()
      assert.deepEqual([answer?.status, answer?.header('call-id')], [200, 'behind'])
      assert.deepEqual(published, [])
    })
  }
})

describe('odd but good SIP input', () => {
  let gateway: GatewayInLab
  let sender: Sender
  before(async () => {
    gateway = await GatewayInLab.start()
    sender = await Sender.open(SCSCF, gateway.sip)
  })
  after(async () => {
    await sender.close()
    await gateway.stop()
  })

  const texts = (to = TO) => gateway.lab.phones.messagesOf(to).map(({ text }) => text)

  async function exchange(octets: Buffer): Promise<RawResponse | undefined> {
    const peer = await rawUdp(SCSCF, gateway.sip)
    try {
      peer.send(octets)
      return await peer.next()
    } finally {
      peer.close()
    }
  }

  test('OPTIONS: 200 with what is taken; REGISTER of a third party: 200 with the expiration asked for', async () => {
    const options = await exchange(request(method('OPTIONS')))
    assert.equal(options?.status, 200)
    assert.match(options?.header('allow') ?? '', ALLOW.Allow)
    const register = await exchange(request({ ...method('REGISTER'), more: ['Expires: 600000'] }))
    assert.deepEqual([register?.status, register?.header('expires')], [200, '600000'])
  })

  test('RFC 3261 §16.3 Max-Forwards 0 and compact headers: processed', async () => {
    const octets = request({ more: ['Max-Forwards: 0'], body: 'compact' })
    const compact = Buffer.from(octets.toString().replace('Call-ID:', 'i:').replace('From:', 'f:'))
    assert.equal((await exchange(compact))?.status, 200)
    assert.ok(texts().includes('compact'))
  })

  test('a disposition notification for an SMS user: 200, and no SMS', async () => {
    const before = texts().length
    const imdn = cpim('Content-Type: message/imdn+xml\r\n\r\n<imdn/>')
    assert.equal((await exchange(request(typed('message/cpim', imdn))))?.status, 200)
    assert.equal(texts().length, before)
  })

  test('RFC 3261 §17.2.3 copies over UDP while the phone is paged: one SMS, one 100 not before 3.5 s, then the final for each', async (t) => {
    const to = '447900300002'
    gateway.set(to, { behaviour: 'reachable', delayMs: 3_700 })
    const peer = await rawUdp(SCSCF, gateway.sip)
    t.after(() => peer.close())
    const octets = request({ start: `MESSAGE tel:+${to} SIP/2.0`, body: 'once' })
    const startedAt = performance.now()
    for (let copy = 0; copy < 3; copy++) peer.send(octets)
    assert.equal((await peer.next())?.status, 100)
    assert.ok(performance.now() - startedAt >= 3_450, 'no early 100')
    assert.equal((await peer.next())?.status, 200)
    peer.send(octets)
    assert.equal((await peer.next())?.status, 200)
    assert.deepEqual([texts(to), gateway.lab.nodesLog.entries(to).length], [['once'], 1])
  })

  test('RFC 3261 §8.2.2.2 a merged request over the same live peer: 482, and one SMS', async (t) => {
    const to = '447900300003'
    gateway.set(to, { behaviour: 'reachable', delayMs: 300 })
    const peer = await rawUdp(SCSCF, gateway.sip)
    t.after(() => peer.close())
    const lines = {
      start: `MESSAGE tel:+${to} SIP/2.0`,
      From: '<tel:+447700900111>;tag=m',
      'Call-ID': 'merged',
    }
    peer.send(request(lines))
    peer.send(request(lines))
    assert.equal((await peer.next())?.status, 482)
    assert.equal((await peer.next())?.status, 200)
    assert.equal(texts(to).length, 1)
  })

  test('a failover copy from another peer joins: both senders get the 200, the phone one SMS', async (t) => {
    const to = '447900300004'
    gateway.set(to, { behaviour: 'reachable', delayMs: 300 })
    const [one, two] = await Promise.all([rawUdp(SCSCF, gateway.sip), rawUdp(CPM_AS, gateway.sip)])
    t.after(() => [one, two].forEach((peer) => void peer.close()))
    const lines = {
      start: `MESSAGE tel:+${to} SIP/2.0`,
      From: '<tel:+447700900111>;tag=f',
      'Call-ID': 'failover',
    }
    one.send(request(lines))
    two.send(request(lines, CPM_AS))
    assert.deepEqual([(await one.next())?.status, (await two.next())?.status], [200, 200])
    assert.equal(texts(to).length, 1)
  })

  test('the same request again after its 200, over another branch: 200 again, no second SMS', async () => {
    const to = '447900300005'
    const first = await sender.send({ to })
    const second = await sender.send({ to, callId: first.callId })
    assert.deepEqual([first.status, second.status], [200, 200])
    assert.equal(texts(to).length, 1)
  })

  test('RFC 3261 §9.2 CANCEL while the phone is paged: 200 to it, and the message goes on to its 200', async (t) => {
    const to = '447900300006'
    gateway.set(to, { behaviour: 'reachable', delayMs: 400 })
    const peer = await rawUdp(SCSCF, gateway.sip)
    t.after(() => peer.close())
    const lines = {
      Via: `SIP/2.0/UDP ${SCSCF};branch=z9hG4bKcancel;rport`,
      From: '<tel:+447700900111>;tag=c',
      'Call-ID': 'cancel',
    }
    peer.send(request({ ...lines, start: `MESSAGE tel:+${to} SIP/2.0` }))
    peer.send(request({ ...lines, start: `CANCEL tel:+${to} SIP/2.0` }))
    const answers = [await peer.next(), await peer.next()]
    assert.deepEqual(
      answers.map((answer) => [answer?.status, answer?.header('cseq')]),
      [
        [200, '1 CANCEL'],
        [200, '1 MESSAGE'],
      ],
    )
    assert.equal(texts(to).length, 1)
  })

  test('RFC 3261 §18.3 two requests in one segment, and one in single octets with keep-alives, each become an SMS', async (t) => {
    const to = '447900300007'
    const peer = await rawTcp(SCSCF, gateway.sip)
    t.after(() => peer.close())
    const message = (body: string) => request({ start: `MESSAGE tel:+${to} SIP/2.0`, body }, SCSCF, 'TCP')
    peer.send(Buffer.concat([message('one'), Buffer.from('\r\n'), message('two')]))
    assert.deepEqual([(await peer.next())?.status, (await peer.next())?.status], [200, 200])
    for (const octet of message('three')) peer.send(Buffer.from([octet]))
    assert.equal((await peer.next())?.status, 200)
    assert.deepEqual(texts(to), ['one', 'two', 'three'])
  })

  test('above its own bound the gateway refuses with 503 and Retry-After, and goes on afterwards', async (t) => {
    const small = await GatewayInLab.start({ sip: { maximumInFlight: 1 } })
    const peer = await Sender.open(SCSCF, small.sip)
    t.after(async () => {
      await peer.close()
      await small.stop()
    })
    small.set('447900300008', { behaviour: 'reachable', delayMs: 500 })
    const slow = peer.send({ to: '447900300008' })
    await eventually(() => small.lab.nodesLog.entries().length > 0, 'the first message is under way')
    const refused = await peer.send({ to: '447900300009' })
    assert.equal(refused.status, 503)
    assert.match(refused.header('retry-after') ?? '', /^\d+$/)
    assert.equal((await slow).status, 200)
    assert.equal((await peer.send({ to: '447900300009' })).status, 200)
    assert.equal(small.lab.phones.messagesOf('447900300009').length, 1)
  })
})

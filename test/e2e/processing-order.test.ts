import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { eventually } from '../support/eventually.ts'
import { NotifiedCore } from '../support/notified-core.ts'
import { rawTcp, rawUdp } from '../support/raw-sip.ts'
import { GatewayInLab, SCSCF, STRANGER, UNTRUSTED } from './gateway.ts'
import { type Lines, request } from './raw-request.ts'

const CORE = '127.0.0.21'
/** Peers whose policy differs from everybody's. */
const BARRING = '127.0.0.41'
const STRICT = '127.0.0.42'
const PRUDISH = '127.0.0.43'
const DISCREET = '127.0.0.44'

let numbers = 447_900_600_000
const anybody = () => String(++numbers)
const ALLOW = { Allow: /^MESSAGE, OPTIONS, REGISTER, CANCEL$/ }
const ACCEPT = { Accept: /text\/plain, message\/cpim, multipart\/mixed, multipart\/alternative/ }
const HIDDEN = {
  From: '"Anonymous" <sip:anonymous@anonymous.invalid>;tag=h',
  more: ['Privacy: id'],
} as const
const EXPIRED = ['Date: Sat, 24 Oct 2020 02:24:11 GMT', 'Expires: 60']

interface Row {
  readonly what: string
  readonly lines?: Lines
  /** Address it comes from. Default: the S-CSCF. */
  readonly from?: string
  /** None: silence. */
  readonly status?: number
  readonly headers?: Readonly<Record<string, RegExp>>
  /** Behaviour of the phone. */
  readonly phone?: 'absent'
}

const toUri = (uri: string, rest: Lines = {}): Lines => ({ start: `MESSAGE ${uri} SIP/2.0`, ...rest })
const method = (name: string): Lines => ({ start: `${name} tel:+447900600000 SIP/2.0`, body: '' })

/** docs/protocols/sip.md "Order of checks", row by row; rows that need more than one request follow below. */
const ROWS: readonly Row[] = [
  { what: '1 syntax', lines: { CSeq: 'x MESSAGE' }, status: 400 },
  { what: '1 another SIP-Version', lines: { start: 'MESSAGE tel:+447900600000 SIP/3.0' }, status: 505 },
  { what: '1 a top Via that cannot be read', lines: { Via: 'SIP/2.0/UDP' } },
  { what: '2 no peer', from: STRANGER, status: 403 },
  {
    what: '5 a method that is known and not supported',
    lines: method('PUBLISH'),
    status: 405,
    headers: ALLOW,
  },
  { what: '5 a method that is not known', lines: method('PAINT'), status: 501, headers: ALLOW },
  { what: '6 scheme of the Request-URI', lines: toUri('mailto:bob@ims.invalid'), status: 416 },
  { what: '7 a served user that is not ours', lines: toUri('sip:bob@elsewhere.invalid'), status: 404 },
  {
    what: '7 a served user of P-Served-User that cannot be a number',
    lines: { more: ['P-Served-User: <tel:+447900600000;ext=1>;sescase=term;regstate=reg'] },
    status: 404,
  },
  { what: '8 To with a tag, no dialog', lines: { To: '<tel:+447900600000>;tag=x' }, status: 481 },
  {
    what: '10 Require',
    lines: { more: ['Require: 100rel, foo'] },
    status: 420,
    headers: { Unsupported: /^100rel, ?foo$/ },
  },
  {
    what: '11 Content-Encoding',
    lines: { more: ['Content-Encoding: deflate'] },
    status: 415,
    headers: { 'Accept-Encoding': /^identity$/ },
  },
  { what: '11 Content-Type', lines: { 'Content-Type': 'video/mp4' }, status: 415, headers: ACCEPT },
  {
    what: '11 CPIM with a Require that is not known',
    lines: {
      'Content-Type': 'message/cpim',
      body: 'From: <sip:a@b>\r\nTo: <sip:c@d>\r\nRequire: x.y\r\n\r\nContent-Type: text/plain\r\n\r\nx',
    },
    status: 415,
    headers: { Warning: /./ },
  },
  {
    what: '11 charset',
    lines: { 'Content-Type': 'text/plain;charset=x-none' },
    status: 415,
    headers: ACCEPT,
  },
  { what: '11 octets that are not of the charset', lines: { body: Buffer.from([0xc3]) }, status: 400 },
  { what: '11 encrypted', lines: { 'Content-Type': 'application/pkcs7-mime' }, status: 493 },
  {
    what: '12 more parts than the limit',
    lines: { body: 'x'.repeat(1_531) },
    status: 413,
    headers: { Warning: /133 Size exceeded/ },
  },
  { what: '13 Expires is over', lines: { more: EXPIRED }, status: 480, headers: { Warning: /expired/ } },
  { what: '14 no identity of a trusted peer', lines: { 'P-Asserted-Identity': undefined }, status: 403 },
  { what: '14 an identity of a peer that is not trusted', from: UNTRUSTED, status: 403 },
  {
    what: '15 a served user who is not authorised',
    from: BARRING,
    status: 403,
    headers: { Warning: /^399 \S+ "127 Service not authorised"$/ },
  },
  { what: '16 anonymity that is not allowed', lines: HIDDEN, from: PRUDISH, status: 433 },
  { what: '16 the same, not to be told', lines: HIDDEN, from: DISCREET, status: 403 },
  {
    what: '17 no TP-OA, no delivery',
    lines: { 'P-Asserted-Identity': '<sip:alice@ims.example>' },
    from: STRICT,
    status: 403,
  },
  { what: '18 a report of failure', phone: 'absent', status: 480, headers: { Reason: /^Q\.850;cause=20;/ } },
  { what: '19 a report of success', status: 200 },
]

/** What the policy of one peer only refuses. */
const PROFILES = {
  barring: { authorisation: { deniedRecipients: ['+4479006'], senderDomains: ['*'] } },
  strict: { originator: { withoutNumber: 'reject' } },
  prudish: { anonymity: { mode: 'prohibit' } },
  discreet: { anonymity: { mode: 'prohibitHidden' } },
}

describe('order of checks for a MESSAGE (docs/protocols/sip.md, table 1.2)', () => {
  let gateway: GatewayInLab
  let core: NotifiedCore
  before(async () => {
    core = await NotifiedCore.open(CORE)
    gateway = await GatewayInLab.start({
      policy: { homeDomains: ['ims.example'], profiles: PROFILES },
      sip: {
        peers: [
          { name: 'scscf', addresses: [SCSCF], notificationRoute: core.route },
          { name: 'untrusted', addresses: [UNTRUSTED], trusted: false },
          { name: 'barring', addresses: [BARRING], profile: 'barring' },
          { name: 'strict', addresses: [STRICT], profile: 'strict' },
          { name: 'prudish', addresses: [PRUDISH], profile: 'prudish' },
          { name: 'discreet', addresses: [DISCREET], profile: 'discreet' },
        ],
      },
    })
  })
  after(async () => {
    await gateway.stop()
    await core.close()
  })

  async function peerAt(address: string) {
    return rawUdp(address, gateway.sip)
  }

  for (const { what, lines = {}, from = SCSCF, status, headers = {}, phone } of ROWS)
    test(`1.2 row ${what}: ${status ?? 'dropped'}`, async (t) => {
      const number = anybody()
      if (phone !== undefined) gateway.set(number, { behaviour: phone })
      const peer = await peerAt(from)
      t.after(() => peer.close())
      const forwards = gateway.lab.nodesLog.entries().length
      peer.send(request({ start: `MESSAGE tel:+${number} SIP/2.0`, ...lines }, from))
      // What stays silent is overtaken by a request that does not.
      if (status === undefined) peer.send(request({ ...method('OPTIONS'), 'Call-ID': 'behind' }, from))
      const answer = await peer.next()
      assert.equal(answer?.status, status ?? 200)
      assert.equal(answer?.header('call-id') === 'behind', status === undefined)
      for (const [name, value] of Object.entries(headers))
        assert.match(answer?.header(name) ?? '', value, name)
      assert.equal(gateway.lab.phones.messagesOf(number).length, status === 200 ? 1 : 0)
      const isForwarded = status === 200 || phone !== undefined
      assert.equal(gateway.lab.nodesLog.entries().length - forwards, isForwarded ? 1 : 0)
    })

  test('1.2 row 4 belongs to a transaction: a copy is swallowed, then gets the final that is there', async (t) => {
    const number = anybody()
    gateway.set(number, { behaviour: 'reachable', delayMs: 200 })
    const peer = await peerAt(SCSCF)
    t.after(() => peer.close())
    const octets = request({ start: `MESSAGE tel:+${number} SIP/2.0` })
    peer.send(octets)
    peer.send(octets)
    assert.equal((await peer.next())?.status, 200)
    peer.send(octets)
    assert.equal((await peer.next())?.status, 200)
    assert.equal(gateway.lab.phones.messagesOf(number).length, 1)
  })

  test('1.2 row 9 merged request: 482 for two live copies of one peer, from two peers both get the result', async (t) => {
    const number = anybody()
    gateway.set(number, { behaviour: 'reachable', delayMs: 300 })
    const [one, other] = await Promise.all([peerAt(SCSCF), peerAt(PRUDISH)])
    t.after(() => [one, other].forEach((peer) => void peer.close()))
    const same = {
      ...toUri(`tel:+${number}`),
      From: '<tel:+447700900111>;tag=order',
      'Call-ID': `merged-${number}`,
    }
    one.send(request(same))
    await eventually(() => gateway.lab.nodesLog.entries(number).length === 1, 'it is under way')
    one.send(request(same))
    assert.equal((await one.next())?.status, 482)
    other.send(request(same, PRUDISH))
    assert.deepEqual([(await one.next())?.status, (await other.next())?.status], [200, 200])
    assert.equal(gateway.lab.phones.messagesOf(number).length, 1)
  })

  test('1.2 row 20 notification asked for: sent once the 200 is out', async (t) => {
    const number = anybody()
    const peer = await peerAt(SCSCF)
    t.after(() => peer.close())
    const body = [
      'From: <sip:+447700900111@ims.example>',
      `To: <tel:+${number}>`,
      'NS: imdn <urn:ietf:params:imdn>',
      'imdn.Message-ID: order-20',
      'DateTime: 2026-10-24T10:24:11Z',
      'imdn.Disposition-Notification: positive-delivery',
      '',
      'Content-Type: text/plain',
      '',
      'Hello',
    ].join('\r\n')
    const lines = { 'P-Asserted-Identity': '<sip:+447700900111@ims.example>', 'Content-Type': 'message/cpim' }
    peer.send(request({ ...toUri(`tel:+${number}`), ...lines, body }))
    assert.equal((await peer.next())?.status, 200)
    const [notification] = await core.about('order-20', 1)
    assert.match(notification?.body ?? '', /<delivered\/>/)
  })

  /** A request with every fault there is, which are taken away one by one: the first check left speaks. */
  const FAULTS: readonly { readonly row: string; readonly status: number; readonly lines: Lines }[] = [
    { row: '5', status: 501, lines: { start: 'PAINT im:bob@elsewhere.invalid SIP/2.0' } },
    { row: '6', status: 416, lines: toUri('im:bob@elsewhere.invalid') },
    { row: '7', status: 404, lines: toUri('sip:bob@elsewhere.invalid') },
    { row: '8', status: 481, lines: { To: '<tel:+447900600000>;tag=x' } },
    { row: '10', status: 420, lines: { more: [...HIDDEN.more, 'Require: foo', ...EXPIRED] } },
    { row: '11', status: 415, lines: { 'Content-Type': 'image/png' } },
    { row: '13', status: 480, lines: { more: [...HIDDEN.more, ...EXPIRED] } },
    { row: '14', status: 403, lines: { 'P-Asserted-Identity': undefined } },
  ]
  for (const [first, { row, status }] of FAULTS.entries())
    test(`1.2 rows ${FAULTS.slice(first)
      .map((fault) => fault.row)
      .join(', ')} fail at once: row ${row} answers, ${status}`, async (t) => {
      const peer = await peerAt(PRUDISH)
      t.after(() => peer.close())
      const left = FAULTS.slice(first).map((fault) => fault.lines)
      const more = left.find((fault) => fault.more !== undefined)?.more ?? HIDDEN.more
      const lines = Object.assign(
        { ...toUri(`tel:+${anybody()}`), ...HIDDEN, body: 'x'.repeat(2_000) },
        ...left.toReversed(),
        { more },
      )
      peer.send(request(lines, PRUDISH))
      assert.equal((await peer.next())?.status, status)
    })

  test('1.2 rows 15 before 16 before 12: 403 for the served user, then 433, and only then 413', async (t) => {
    const tooLong = { ...toUri(`tel:+${anybody()}`), ...HIDDEN, body: 'x'.repeat(2_000) }
    const [barring, prudish, plain] = await Promise.all([BARRING, PRUDISH, SCSCF].map(peerAt))
    t.after(() => [barring, prudish, plain].forEach((peer) => void peer?.close()))
    barring?.send(request(tooLong, BARRING))
    prudish?.send(request(tooLong, PRUDISH))
    plain?.send(request({ ...tooLong, From: '<tel:+447700900111>;tag=l', more: [] }))
    const answers = [await barring?.next(), await prudish?.next(), await plain?.next()]
    assert.deepEqual(
      answers.map((answer) => answer?.status),
      [403, 433, 413],
    )
    assert.match(answers[0]?.header('warning') ?? '', /127 Service not authorised/)
  })
})

describe('order of checks, what depends on the state of the gateway (table 1.2)', () => {
  test('1.2 row 2 no peer, unknownPeers drop: silence', async (t) => {
    const gateway = await GatewayInLab.start({ sip: { unknownPeers: 'drop' } })
    t.after(() => gateway.stop())
    const peer = await rawUdp(STRANGER, gateway.sip)
    t.after(() => peer.close())
    peer.send(request({}, STRANGER))
    assert.equal(await peer.next(500), undefined)
    const metrics = await (await fetch(gateway.url('/metrics'))).text()
    assert.match(metrics, /fact="unknownPeer"\S* 1$/m)
  })

  test('1.2 row 3 overload and draining: 503 with Retry-After before any other look at the message', async (t) => {
    const gateway = await GatewayInLab.start({ sip: { maximumInFlight: 1 } })
    t.after(() => gateway.stop())
    const [one, other] = await Promise.all([rawTcp(SCSCF, gateway.sip), rawTcp(SCSCF, gateway.sip)])
    t.after(() => [one, other].forEach((peer) => void peer.close()))
    const running = { ...toUri(`tel:+${anybody()}`), From: '<tel:+447700900111>;tag=r', 'Call-ID': 'running' }
    gateway.set(String(numbers), { behaviour: 'reachable', delayMs: 1_500 })
    one.send(request(running, SCSCF, 'TCP'))
    assert.equal((await one.next())?.status, 100)
    const bad = { ...toUri('im:bob@elsewhere.invalid'), 'Content-Type': 'image/png' }
    other.send(request(bad, SCSCF, 'TCP'))
    const overloaded = await other.next()
    assert.equal(overloaded?.status, 503)
    assert.match(overloaded?.header('retry-after') ?? '', /^\d+$/)
    const stopped = gateway.drain()
    await eventually(async () => !(await fetch(gateway.url('/readyz'))).ok, 'it drains')
    for (const name of ['MESSAGE', 'OPTIONS']) {
      other.send(request({ ...bad, start: `${name} tel:+447900600000 SIP/2.0` }, SCSCF, 'TCP'))
      const draining = await other.next()
      assert.deepEqual(
        [draining?.status, /\d/.test(draining?.header('retry-after') ?? '')],
        [503, true],
        name,
      )
    }
    assert.equal((await one.next())?.status, 200)
    await stopped
  })
})

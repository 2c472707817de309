import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { describe, type TestContext, test } from 'node:test'
import { EncodeError } from '@ipsmgw/bytes'
import { encodeMessage } from './build.ts'
import { encodeDiameter } from './codec.ts'
import { Application } from './dictionary/applications.ts'
import { DisconnectCause } from './dictionary/enumerations.ts'
import { ExperimentalResult, ResultCode } from './dictionary/results.ts'
import { value } from './fields.ts'
import type { DiameterMessage } from './messages.ts'
import { experimentalResult, result, resultOf } from './results.ts'
import { GATEWAY, peerAt, RawPeer, REALM, serverNode, TestNode } from './testing/nodes.ts'
import type { NodeOptions, OutgoingRequest, PeerOptions } from './types.ts'

const HSS = 'hss1.ims.example'
const OTHER_HSS = 'hss2.ims.example'

const SRR: OutgoingRequest<'SRR'> = { 'Destination-Realm': REALM, MSISDN: '15550001042' }
const TFR: OutgoingRequest<'TFR'> = {
  'Destination-Host': 'mme.ims.example',
  'Destination-Realm': REALM,
  'User-Name': '001010000000042',
  'SC-Address': '15550009000',
  'SM-RP-UI': Buffer.from('0400', 'hex'),
}
const SECOND = { timeoutMs: 1_000 }

async function server(t: TestContext, identity = HSS, options: Partial<NodeOptions> = {}): Promise<TestNode> {
  const it = serverNode(identity, options)
  await it.node.start()
  t.after(() => it.node.stop())
  return it
}

/** A gateway whose peers are all open. */
async function gateway(
  t: TestContext,
  peers: readonly PeerOptions[],
  options: Partial<NodeOptions> = {},
): Promise<TestNode> {
  const it = new TestNode({ peers, ...options })
  await it.node.start()
  t.after(() => it.node.stop())
  while (it.node.peers().some(({ state }) => state !== 'iOpen')) await it.nextEvent('peerUp')
  return it
}

/** A server of raw octets that does the capabilities exchange; `serve` gets everything after it. */
async function rawServer(
  t: TestContext,
  identity: string,
  serve: (request: DiameterMessage, socket: Socket) => void,
): Promise<number> {
  const sockets: Socket[] = []
  const listener: Server = createServer((socket) => {
    sockets.push(socket)
    void talk(new RawPeer(socket), identity, serve)
  })
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    listener.close()
  })
  return (listener.address() as { port: number }).port
}

async function talk(
  peer: RawPeer,
  identity: string,
  serve: (request: DiameterMessage, socket: Socket) => void,
): Promise<void> {
  for (;;) {
    const request = await peer.next()
    if (request.commandCode === 257) peer.socket.write(cea(identity, request))
    else if (request.commandCode !== 282) serve(request, peer.socket)
    else peer.socket.end()
  }
}

function cea(identity: string, { hopByHopId, endToEndId }: DiameterMessage): Buffer {
  const fields = {
    'Result-Code': ResultCode.SUCCESS,
    'Origin-Host': identity,
    'Origin-Realm': REALM,
    'Host-IP-Address': ['127.0.0.1'],
    'Vendor-Id': 0,
    'Product-Name': 'raw',
    'Auth-Application-Id': [Application.RELAY],
  }
  return encodeMessage('CEA', fields, { hopByHopId, endToEndId })
}

function tfa({ hopByHopId, endToEndId }: DiameterMessage): Buffer {
  const fields = {
    'Session-Id': 'x',
    'Auth-Session-State': 1,
    'Origin-Host': HSS,
    'Origin-Realm': REALM,
    ...result(ResultCode.SUCCESS),
  }
  return encodeMessage('TFA', fields, { hopByHopId, endToEndId })
}

describe('Requests and answers', () => {
  test('RFC 6733 §6: a request reaches the handler of its realm, its answer comes back with the facts', async (t) => {
    const hss = await server(t)
    hss.node.handle('SRR', ({ fields, peer }) => {
      assert.equal(peer, GATEWAY)
      assert.equal(fields.MSISDN, '15550001042')
      return { ...result(ResultCode.SUCCESS), 'User-Name': '001010000000042' }
    })
    const gw = await gateway(t, [peerAt(HSS, hss.port)])
    const outcome = await gw.node.send('SRR', SRR, SECOND)
    assert.ok(outcome.kind === 'answer')
    assert.deepEqual(outcome.result, { vendorId: 0, code: 2001 })
    assert.equal(outcome.peer, HSS)
    assert.equal(value(outcome.message, 'User-Name'), '001010000000042')
    assert.equal(value(outcome.message, 'Origin-Host'), HSS)
  })

  test('TS 29.338 §7.3: an experimental result keeps its vendor', async (t) => {
    const hss = await server(t)
    hss.node.handle('SRR', () => experimentalResult(ExperimentalResult.ABSENT_USER))
    const gw = await gateway(t, [peerAt(HSS, hss.port)])
    const outcome = await gw.node.send('SRR', SRR, SECOND)
    assert.deepEqual(outcome.kind === 'answer' && outcome.result, { vendorId: 10_415, code: 5_550 })
  })

  test('RFC 6733 §6.1: the server sends to the client by its host on the same connection', async (t) => {
    const hss = await server(t)
    const gw = await gateway(t, [peerAt(HSS, hss.port)])
    gw.node.handle('ALR', ({ fields }) => {
      assert.equal(fields['User-Identifier'].MSISDN, '15550001042')
      return result(ResultCode.SUCCESS)
    })
    const alert = {
      'Destination-Host': GATEWAY,
      'Destination-Realm': REALM,
      'SC-Address': '15550009000',
      'User-Identifier': { MSISDN: '15550001042' },
    }
    const outcome = await hss.node.send('ALR', alert, SECOND)
    assert.equal(outcome.kind, 'answer')
  })

  test('RFC 6733 §2.1: 2000 requests at once are all answered, each with its own answer', async (t) => {
    const hss = await server(t)
    hss.node.handle('SRR', ({ fields }) => ({ ...result(ResultCode.SUCCESS), 'User-Name': fields.MSISDN }))
    const gw = await gateway(t, [peerAt(HSS, hss.port)])
    const numbers = Array.from({ length: 2_000 }, (_, i) => String(15_550_000_000 + i))
    const outcomes = await Promise.all(
      numbers.map((MSISDN) => gw.node.send('SRR', { ...SRR, MSISDN }, { timeoutMs: 5_000, failover: true })),
    )
    const names = outcomes.map((it) => it.kind === 'answer' && value(it.message, 'User-Name'))
    assert.deepEqual(names, numbers)
    assert.equal(gw.node.peers()[0]?.pending, 0)
    const { sent = 0, received = 0, rttMs, since = '' } = gw.node.peers()[0] ?? {}
    assert.ok(sent >= 1 && received >= 1, 'the peer table counts both ways')
    assert.ok(rttMs !== undefined && rttMs >= 0)
    assert.ok(Date.now() - Date.parse(since) < 60_000)
  })

  test('RFC 6733 §4: what cannot be encoded is the caller’s fault and nothing leaves', async (t) => {
    const hss = await server(t)
    const gw = await gateway(t, [peerAt(HSS, hss.port)])
    assert.throws(() => gw.node.send('SRR', { ...SRR, MSISDN: '+1555' }, SECOND), EncodeError)
  })
})

describe('The truth about what was sent', () => {
  test('RFC 6733 §2.7, roaming: a node of a foreign realm is reached through the edge agent, our own HSS is not', async (t) => {
    const realm = 'epc.mnc002.mcc002.3gppnetwork.org'
    const mme = `mme.${realm}`
    const got: unknown[] = []
    const hss = await server(t)
    hss.node.handle('SRR', () => result(ResultCode.SUCCESS))
    const edge = await rawServer(t, OTHER_HSS, (request, socket) => {
      got.push([value(request, 'Destination-Host'), value(request, 'Destination-Realm')])
      socket.write(tfa(request))
    })
    const gw = await gateway(t, [peerAt(HSS, hss.port), peerAt(OTHER_HSS, edge, { realms: ['*'] })])
    const request = { ...TFR, 'Destination-Host': mme, 'Destination-Realm': realm }
    assert.equal((await gw.node.send('TFR', request, SECOND)).kind, 'answer')
    const home = await gw.node.send('SRR', SRR, SECOND)
    assert.equal(home.kind === 'answer' && home.peer, HSS)
    assert.deepEqual(got, [[mme, realm]])
  })

  test('RFC 6733 §6.1: without an open peer a request is not sent', async (t) => {
    const gw = new TestNode({ peers: [peerAt(HSS, 1)] })
    await gw.node.start()
    t.after(() => gw.node.stop())
    assert.deepEqual(await gw.node.send('TFR', TFR, SECOND), { kind: 'not-sent', reason: 'no-peer' })
    assert.equal((await gw.event('connectFailed')).peer, HSS)
  })

  test('RFC 6733 §2.4: an application that the peer has not is not sent to it', async (t) => {
    const hss = await server(t, HSS, { applications: [Application.S6C] })
    const gw = await gateway(t, [peerAt(HSS, hss.port)])
    assert.deepEqual(await gw.node.send('TFR', TFR, SECOND), { kind: 'not-sent', reason: 'no-peer' })
  })

  test('RFC 6733 §5.5.4: a silent peer is no answer by time-out, and its late answer is dropped', async (t) => {
    const { promise: release, resolve } = Promise.withResolvers<void>()
    const hss = await server(t)
    hss.node.handle('TFR', async () => {
      await release
      return result(ResultCode.SUCCESS)
    })
    const gw = await gateway(t, [peerAt(HSS, hss.port)])
    const request = { ...TFR, 'Destination-Host': HSS }
    const outcome = await gw.node.send('TFR', request, { timeoutMs: 50 })
    assert.deepEqual(outcome, { kind: 'no-answer', peer: HSS, reason: 'timeout' })
    resolve()
    assert.equal((await gw.event('strayAnswer')).peer, HSS)
  })

  test('RFC 6733 §5.5.4: a TFR whose link is lost is of unknown outcome and goes to no other peer', async (t) => {
    let seen = 0
    const port = await rawServer(t, HSS, (_request, socket) => {
      seen++
      socket.destroy()
    })
    const other = await server(t, OTHER_HSS)
    other.node.handle('TFR', () => {
      seen += 100
      return result(ResultCode.SUCCESS)
    })
    const gw = await gateway(t, [peerAt(HSS, port), peerAt(OTHER_HSS, other.port, { priority: 2 })])
    const outcome = await gw.node.send('TFR', TFR, { timeoutMs: 5_000, failover: false })
    assert.deepEqual(outcome, { kind: 'no-answer', peer: HSS, reason: 'link-lost' })
    assert.equal(seen, 1)
  })

  test('RFC 6733 §5.5.4: the window full is not sent', async (t) => {
    const hss = await server(t)
    hss.node.handle('SRR', () => undefined)
    const gw = await gateway(t, [peerAt(HSS, hss.port)], { limits: { pendingPerPeer: 1 } })
    const first = gw.node.send('SRR', SRR, { timeoutMs: 60 })
    assert.deepEqual(await gw.node.send('SRR', SRR, SECOND), { kind: 'not-sent', reason: 'window-full' })
    assert.equal((await first).kind, 'no-answer')
  })

  test('RFC 6733 §7.1.5: an answer that does not decode is no answer, and the connection stays', async (t) => {
    let damaged = true
    const port = await rawServer(t, HSS, (request, socket) => {
      const answer = tfa(request)
      if (damaged) answer.writeUIntBE(7, 25, 3)
      damaged = false
      socket.write(answer)
    })
    const gw = await gateway(t, [peerAt(HSS, port)])
    const outcome = await gw.node.send('TFR', TFR, SECOND)
    assert.deepEqual(outcome, { kind: 'no-answer', peer: HSS, reason: 'malformed' })
    assert.equal((await gw.node.send('TFR', TFR, SECOND)).kind, 'answer')
  })

  test('RFC 6733 §3: a stray answer and one to another command settle nothing wrongly', async (t) => {
    const port = await rawServer(t, HSS, (request, socket) => {
      socket.write(tfa({ ...request, hopByHopId: request.hopByHopId ^ 0xff }))
      socket.write(tfa(request))
    })
    const gw = await gateway(t, [peerAt(HSS, port)])
    assert.equal((await gw.node.send('TFR', TFR, SECOND)).kind, 'answer')
    const wrong = await gw.node.send('SRR', SRR, SECOND)
    assert.deepEqual(wrong, { kind: 'no-answer', peer: HSS, reason: 'malformed' })
    assert.equal(gw.events.filter(({ kind }) => kind === 'strayAnswer').length, 2)
  })
})

describe('Failover of queries', () => {
  test('RFC 6733 §5.5.4: a lost link moves a query with T flag, the same end-to-end id and session', async (t) => {
    const seen: DiameterMessage[] = []
    const port = await rawServer(t, HSS, (request, socket) => {
      seen.push(request)
      socket.destroy()
    })
    const other = await server(t, OTHER_HSS)
    other.node.handle('SRR', ({ message }) => {
      seen.push(message)
      return result(ResultCode.SUCCESS)
    })
    const gw = await gateway(t, [peerAt(HSS, port), peerAt(OTHER_HSS, other.port, { priority: 2 })])
    const outcome = await gw.node.send('SRR', SRR, { timeoutMs: 4_000, attemptMs: 1_500, failover: true })
    assert.equal(outcome.kind === 'answer' && outcome.peer, OTHER_HSS)
    const [first, second] = seen
    assert.ok(first && second)
    assert.deepEqual([first.retransmitted, second.retransmitted], [false, true])
    assert.equal(second.endToEndId, first.endToEndId)
    assert.equal(value(second, 'Session-Id'), value(first, 'Session-Id'))
  })

  test('RFC 6733 §5.5.4: a silent peer is left after one attempt, and the first answer wins', async (t) => {
    const hss = await server(t)
    hss.node.handle('SRR', () => undefined)
    const other = await server(t, OTHER_HSS)
    other.node.handle('SRR', ({ message }) => {
      assert.equal(message.retransmitted, true)
      return result(ResultCode.SUCCESS)
    })
    const gw = await gateway(t, [peerAt(HSS, hss.port), peerAt(OTHER_HSS, other.port, { priority: 2 })])
    const outcome = await gw.node.send('SRR', SRR, { timeoutMs: 4_000, attemptMs: 50, failover: true })
    assert.equal(outcome.kind === 'answer' && outcome.peer, OTHER_HSS)
    assert.deepEqual(
      gw.node.peers().map(({ pending }) => pending),
      [0, 0],
    )
  })

  test('RFC 6733 §7.1.3: after 3004 the next peer gets a new request without T flag', async (t) => {
    const seen: DiameterMessage[] = []
    const hss = await server(t)
    hss.node.handle('SRR', ({ message }) => {
      seen.push(message)
      return result(ResultCode.TOO_BUSY)
    })
    const other = await server(t, OTHER_HSS)
    other.node.handle('SRR', ({ message }) => {
      seen.push(message)
      return result(ResultCode.SUCCESS)
    })
    const gw = await gateway(t, [peerAt(HSS, hss.port), peerAt(OTHER_HSS, other.port, { priority: 2 })])
    const outcome = await gw.node.send('SRR', SRR, { timeoutMs: 4_000, attemptMs: 1_500, failover: true })
    assert.equal(outcome.kind === 'answer' && outcome.peer, OTHER_HSS)
    assert.equal(seen[1]?.retransmitted, false)
    assert.notEqual(seen[1]?.endToEndId, seen[0]?.endToEndId)
  })

  test('RFC 6733 §7.1.3: when every peer is busy the answer says so', async (t) => {
    const hss = await server(t)
    hss.node.handle('SRR', () => result(ResultCode.TOO_BUSY))
    const gw = await gateway(t, [peerAt(HSS, hss.port)])
    const outcome = await gw.node.send('SRR', SRR, { timeoutMs: 500, failover: true })
    assert.ok(outcome.kind === 'answer')
    assert.equal(outcome.result.code, ResultCode.TOO_BUSY)
    assert.equal(outcome.message.error, true)
  })
})

describe('Requests that are refused', () => {
  const cer = (identity: string, applications: readonly number[] = [Application.S6C]) =>
    encodeMessage(
      'CER',
      {
        'Origin-Host': identity,
        'Origin-Realm': REALM,
        'Host-IP-Address': ['127.0.0.1'],
        'Vendor-Id': 0,
        'Product-Name': 'raw',
        'Auth-Application-Id': applications,
      },
      { hopByHopId: 1, endToEndId: 1 },
    )
  const request = (rest: Partial<DiameterMessage>): Buffer =>
    encodeDiameter({
      request: true,
      proxiable: true,
      error: false,
      retransmitted: false,
      commandCode: 8_388_647,
      applicationId: Application.S6C,
      hopByHopId: 77,
      endToEndId: 88,
      avps: [],
      ...rest,
    })
  const srr = (rest: object = {}): Buffer =>
    encodeMessage(
      'SRR',
      {
        'Session-Id': 'a;1;2',
        'Auth-Session-State': 1,
        'Origin-Host': 'raw.ims.example',
        'Origin-Realm': REALM,
        'Destination-Realm': REALM,
        ...rest,
      },
      { hopByHopId: 77, endToEndId: 88 },
    )

  async function connected(t: TestContext): Promise<RawPeer> {
    const hss = await server(t)
    hss.node.handle('SRR', () => result(ResultCode.SUCCESS))
    const raw = await RawPeer.connect(hss.port)
    t.after(() => raw.socket.destroy())
    raw.socket.write(cer('raw.ims.example'))
    assert.deepEqual(resultOf(await raw.next()), { vendorId: 0, code: 2001 })
    return raw
  }

  const unknownAvp = { code: 4_242, vendorId: 10_415, mandatory: true, data: Buffer.from('00', 'hex') }
  /** MSISDN with a nibble that is no digit. */
  const letters = { code: 701, vendorId: 10_415, mandatory: true, data: Buffer.from('5a', 'hex') }
  const proxyInfo = Buffer.concat([encodedAvp(280, 'dra.example'), encodedAvp(33, '\x00\xff\x80')])
  const cases: [name: string, octets: Buffer, code: number, error: boolean][] = [
    ['§7.1.3: an unknown application is 3007', request({ applicationId: 4 }), 3007, true],
    ['§7.1.3: a command of another application is 3001', request({ commandCode: 8_388_646 }), 3001, true],
    ['§7.1.3: a command without a handler is 3001', request({ commandCode: 8_388_649 }), 3001, true],
    ['§7.1.3: a request with the E flag is 3008', request({ error: true }), 3008, true],
    ['§7.1.5: a missing AVP is 5005', request({}), 5005, false],
    ['§7.1.5: an unknown AVP with the M flag is 5001', srr({ AVP: [unknownAvp] }), 5001, false],
    ['§7.1.5: a second AVP where one is allowed is 5009', doubled(srr()), 5009, false],
    ['§7.1.5: a wrong value is 5004', srr({ AVP: [letters] }), 5004, false],
    ['§7.1.5: an AVP with a wrong length is 5014', shortened(srr()), 5014, false],
    [
      '§7.1.3: another Destination-Host is 3002',
      srr({ 'Destination-Host': 'elsewhere.example' }),
      3002,
      true,
    ],
  ]
  for (const [name, octets, code, error] of cases)
    test(`RFC 6733 ${name}, and the connection stays`, async (t) => {
      const raw = await connected(t)
      raw.socket.write(Buffer.concat([octets, srr()]))
      const refused = await raw.next()
      assert.deepEqual(resultOf(refused), { vendorId: 0, code })
      assert.deepEqual([refused.error, refused.hopByHopId, refused.endToEndId], [error, 77, 88])
      if (code >= 5000) assert.ok(value(refused, 'Failed-AVP')?.AVP?.[0])
      assert.deepEqual(resultOf(await raw.next()), { vendorId: 0, code: 2001 })
    })

  test('RFC 6733 §6.2: an answer repeats Session-Id and Proxy-Info octet for octet', async (t) => {
    const raw = await connected(t)
    raw.socket.write(srr({ AVP: [{ code: 284, vendorId: 0, mandatory: true, data: proxyInfo }] }))
    const answer = await raw.next()
    assert.equal(value(answer, 'Session-Id'), 'a;1;2')
    assert.deepEqual(answer.avps.find(({ code }) => code === 284)?.data, proxyInfo)
  })

  test('RFC 6733 §7.1.5: a message length that loses the framing is 5015 and closes', async (t) => {
    const raw = await connected(t)
    const octets = srr()
    octets.writeUIntBE(22, 1, 3)
    raw.socket.write(octets)
    assert.deepEqual(resultOf(await raw.next()), { vendorId: 0, code: 5015 })
    await once(raw.socket, 'close')
  })

  test('RFC 6733 §5.3: nothing in common is 5010, an unknown peer 3010, and both are closed', async (t) => {
    const hss = await server(t, HSS, { unknownPeers: 'reject' })
    for (const [applications, code] of [
      [[4], 5010],
      [[Application.S6C], 3010],
    ] as const) {
      const raw = await RawPeer.connect(hss.port)
      raw.socket.write(cer('raw.ims.example', applications))
      assert.deepEqual(resultOf(await raw.next()), { vendorId: 0, code })
      await once(raw.socket, 'close')
    }
  })

  test('RFC 6733 §5.3: a request before the CER, and octets that are no Diameter, close the connection', async (t) => {
    const hss = await server(t)
    for (const octets of [srr(), Buffer.from('GET / HTTP/1.1\r\nHost: hss\r\n\r\n')]) {
      const raw = await RawPeer.connect(hss.port)
      raw.socket.write(octets)
      await once(raw.socket, 'close')
    }
    assert.equal(hss.events.filter(({ kind }) => kind === 'rejected').length, 2)
  })

  test('RFC 6733 §7.1.3: more requests than are served at once are 3004', async (t) => {
    const hss = await server(t, HSS, { limits: { servedPerPeer: 1 } })
    hss.node.handle('SRR', () => undefined)
    const { promise: served, resolve } = Promise.withResolvers<undefined>()
    hss.node.handle('UDR', () => served)
    const gw = await gateway(t, [peerAt(HSS, hss.port)])
    const udr = {
      'Destination-Realm': REALM,
      'User-Identity': { 'Public-Identity': 'sip:a@ims.example' },
      'Data-Reference': [17],
    }
    const first = gw.node.send('UDR', udr, { timeoutMs: 200 })
    const second = await gw.node.send('SRR', SRR, SECOND)
    assert.equal(second.kind === 'answer' && second.result.code, ResultCode.TOO_BUSY)
    resolve(undefined)
    assert.equal((await first).kind, 'no-answer')
  })

  test('RFC 6733 §7.1.5: a handler that throws is answered 5012', async (t) => {
    const hss = await server(t)
    hss.node.handle('SRR', () => {
      throw new Error('broken')
    })
    const gw = await gateway(t, [peerAt(HSS, hss.port)])
    const outcome = await gw.node.send('SRR', SRR, SECOND)
    assert.equal(outcome.kind === 'answer' && outcome.result.code, 5012)
  })
})

describe('Peers', () => {
  test('RFC 6733 §5.3: a CEA of another host is refused, and tried again', async (t) => {
    const hss = await server(t, OTHER_HSS)
    const gw = new TestNode({ peers: [peerAt(HSS, hss.port)] })
    await gw.node.start()
    t.after(() => gw.node.stop())
    assert.match((await gw.event('rejected')).detail ?? '', /CEA of hss2/)
    await gw.nextEvent('rejected')
  })

  test('RFC 3539 §3.4.1: a peer that never answers DWR is suspected, then closed, then tried again', async (t) => {
    const port = await rawServer(t, HSS, () => {})
    const gw = await gateway(t, [peerAt(HSS, port)], {
      timers: { watchdogMs: 40, watchdogJitterMs: 5, reconnectMs: 10 },
    })
    await gw.event('suspect')
    await gw.event('peerDown')
    await gw.nextEvent('peerUp')
    assert.equal(gw.node.peers()[0]?.watchdog, 'reopen')
  })

  test('RFC 3539 §3.4.1: a peer that came back is asked only after three DWA, if another can be asked', async (t) => {
    const hss = await server(t)
    hss.node.handle('SRR', () => result(ResultCode.SUCCESS))
    const options = { timers: { watchdogMs: 40, watchdogJitterMs: 0, reconnectMs: 10 } }
    const gw = await gateway(t, [peerAt(HSS, hss.port)], options)
    const { port } = hss
    await hss.node.stop()
    await gw.event('peerDown')
    const again = await server(t, HSS, { listeners: [{ host: '127.0.0.1', port }] })
    again.node.handle('SRR', () => result(ResultCode.SUCCESS))
    await gw.nextEvent('peerUp')
    assert.equal(gw.node.peers()[0]?.watchdog, 'reopen')
    assert.equal((await gw.node.send('SRR', SRR, SECOND)).kind, 'answer', 'nobody else can be asked')
    await gw.nextEvent('failback')
    assert.equal(gw.node.peers()[0]?.watchdog, 'okay')
  })

  test('RFC 6733 §5.4: a stop lets pending requests end, disconnects, and the peer knows why', async (t) => {
    const hss = await server(t)
    const { promise: release, resolve } = Promise.withResolvers<void>()
    hss.node.handle('SRR', async () => {
      await release
      return result(ResultCode.SUCCESS)
    })
    const gw = await gateway(t, [peerAt(HSS, hss.port)])
    const sent = gw.node.send('SRR', SRR, SECOND)
    const stopped = gw.node.stop({ drainMs: 1_000 })
    assert.deepEqual(await gw.node.send('SRR', SRR, SECOND), { kind: 'not-sent', reason: 'stopped' })
    resolve()
    assert.equal((await sent).kind, 'answer')
    await stopped
    await hss.event('peerDown')
    assert.deepEqual(hss.node.peers(), [])
  })

  test('RFC 6733 §5.4.3: after DO_NOT_WANT_TO_TALK_TO_YOU the peer is left alone', async (t) => {
    const port = await rawServer(t, HSS, ({ request, hopByHopId, endToEndId }, socket) => {
      if (!request) return socket.end()
      const fields = {
        'Origin-Host': HSS,
        'Origin-Realm': REALM,
        'Disconnect-Cause': DisconnectCause.DO_NOT_WANT_TO_TALK_TO_YOU,
      }
      socket.write(encodeMessage('DPR', fields, { hopByHopId, endToEndId }))
      return undefined
    })
    const gw = await gateway(t, [peerAt(HSS, port)], { timers: { watchdogMs: 30, watchdogJitterMs: 0 } })
    await gw.event('peerDown')
    const closed = gw.node.peers()[0]?.state
    assert.ok(closed === 'closed' || closed === 'closing')
  })

  test('RFC 6733 §5.6.4: two nodes that connect to each other at once keep one connection', async (t) => {
    const [leftPort, rightPort] = [await freePort(), await freePort()]
    const node = (own: string, port: number, other: string, otherPort: number) =>
      new TestNode({
        originHost: own,
        peers: [peerAt(other, otherPort, { role: 'both' })],
        listeners: [{ host: '127.0.0.1', port }],
      })
    const left = node('left.example', leftPort, 'right.example', rightPort)
    const right = node('right.example', rightPort, 'left.example', leftPort)
    t.after(() => Promise.all([left.node.stop(), right.node.stop()]))
    left.node.handle('SRR', () => result(ResultCode.SUCCESS))
    right.node.handle('SRR', () => result(ResultCode.SUCCESS))
    await Promise.all([left.node.start(), right.node.start()])
    await Promise.all([left.event('peerUp'), right.event('peerUp')])
    for (const { node } of [left, right]) assert.equal((await node.send('SRR', SRR, SECOND)).kind, 'answer')
    const states = [left, right].map(({ node }) => node.peers()[0]?.state).sort()
    assert.deepEqual(states, ['iOpen', 'rOpen'], 'the same connection on both sides')
  })
})

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

function encodedAvp(code: number, text: string): Buffer {
  const data = Buffer.from(text, 'latin1')
  const octets = Buffer.alloc(8 + ((data.length + 3) & ~3))
  octets.writeUInt32BE(code, 0)
  octets.writeUInt32BE(0x40000000 + 8 + data.length, 4)
  octets.set(data, 8)
  return octets
}

/** The message with its last AVP twice. */
function doubled(octets: Buffer): Buffer {
  const last = octets.subarray(octets.lastIndexOf(Buffer.from('0000011b', 'hex')))
  const twice = Buffer.concat([octets, last])
  twice.writeUIntBE(twice.length, 1, 3)
  return twice
}

/** The message with an AVP length below the header's in its last AVP. */
function shortened(octets: Buffer): Buffer {
  const copy = Buffer.from(octets)
  copy.writeUIntBE(7, octets.lastIndexOf(Buffer.from('0000011b', 'hex')) + 5, 3)
  return copy
}

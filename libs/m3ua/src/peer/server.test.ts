import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { fromHex } from '@ipsmgw/bytes'
import { FakeClock, FakeTransport } from '@ipsmgw/sctp/testing'
import {
  decodeM3ua,
  M3uaEndpoint,
  type M3uaEvent,
  M3uaServer,
  type M3uaServerOptions,
  type MtpService,
  type MtpStatus,
  TrafficMode,
  type TransferIndication,
} from '../index.ts'
import { vector, vectorHex } from '../testing/vectors.ts'

const OWN = 2060

/** An SGP whose ASPs are the test. */
class Bench {
  readonly clock = new FakeClock()
  readonly events: M3uaEvent[] = []
  readonly statuses: MtpStatus[] = []
  readonly received: TransferIndication[] = []
  readonly server: M3uaServer
  #accept: (transport: FakeTransport) => void = () => {}

  constructor(options: Partial<M3uaServerOptions> = {}) {
    this.server = new M3uaServer(
      {
        listeners: [{ transport: 'sctp', hosts: ['127.0.0.1'], port: 2905 }],
        pointCodes: [OWN],
        networkIndicator: 2,
        applicationServers: [
          { pointCode: 2057, routingContext: 100, trafficMode: TrafficMode.loadshare },
          { pointCode: 2058, routingContext: 101, trafficMode: TrafficMode.loadshare, aspIdentifiers: [9] },
        ],
        ...options,
      },
      {
        clock: this.clock,
        onEvent: (event) => this.events.push(event),
        listen: (_options, onTransport) => {
          this.#accept = onTransport
          return Promise.resolve({ port: 2905, close: () => Promise.resolve() })
        },
      },
    )
    this.server.onStatus((status) => this.statuses.push(status))
    this.server.onTransfer((indication) => this.received.push(indication))
  }

  async start(): Promise<this> {
    assert.deepEqual(await this.server.start(), [2905])
    return this
  }

  asp(): FakeTransport {
    const transport = new FakeTransport()
    this.#accept(transport)
    return transport
  }

  activeAsp(): FakeTransport {
    const asp = this.asp()
    asp.receive(vector('m3ua-aspup'))
    asp.receive(vector('m3ua-aspac'))
    asp.take()
    return asp
  }

  /** The ASP with identifier 9, which serves 2058 under context 101 as well. */
  activePeer(): FakeTransport {
    const asp = this.asp()
    asp.receive(fromHex('01000301 00000010 00110008 00000009'))
    asp.receive(fromHex('01000401 00000010 00060008 00000065'))
    asp.take()
    return asp
  }
}

/** Names of messages, with the information of NTFY and the code of ERR. */
function names(asp: FakeTransport): string[] {
  return asp.take().map((hex) => {
    const { name, parameters } = decodeM3ua(fromHex(hex))
    if (name === 'NTFY') return `NTFY ${parameters.status?.type}/${parameters.status?.information}`
    return name === 'ERR' ? `ERR ${parameters.errorCode}` : String(name)
  })
}

test('RFC 4666 §4.3: the start of an ASP, octet for octet', async () => {
  const asp = (await new Bench().start()).asp()
  asp.receive(vector('m3ua-aspup'))
  assert.deepEqual(asp.take(), [vectorHex('m3ua-aspup-ack'), vectorHex('m3ua-ntfy-inactive')])
  asp.receive(vector('m3ua-aspac'))
  assert.deepEqual(asp.take(), [vectorHex('m3ua-aspac-ack'), vectorHex('m3ua-ntfy-active')])
  asp.receive(vector('m3ua-beat'))
  assert.deepEqual(asp.take(), [vectorHex('m3ua-beat-ack')])
  asp.receive(vector('m3ua-aspia'))
  assert.equal(asp.take()[0], vectorHex('m3ua-aspia-ack'))
  asp.receive(vector('m3ua-aspdn'))
  assert.equal(asp.take()[0], vectorHex('m3ua-aspdn-ack'))
})

test('RFC 4666 §1.4.2: DATA goes to the user of its point code, or to the AS that serves it', async () => {
  const bench = await new Bench().start()
  const asp = bench.activeAsp()
  const peer = bench.activePeer()
  asp.take()
  asp.receive(vector('m3ua-data'))
  assert.equal(peer.take().length, 1)
  asp.receive(fromHex(vectorHex('m3ua-data').replace('0000080a', '0000080c')))
  assert.deepEqual(
    bench.received.map(({ opc, dpc }) => [opc, dpc]),
    [[2057, OWN]],
  )
  const data = Buffer.of(1, 2, 3)
  assert.deepEqual(bench.server.send({ dpc: 2057, sls: 4, data }), { sent: true })
  const label = decodeM3ua(fromHex(asp.take()[0] ?? '')).parameters
  assert.deepEqual([label.routingContexts, label.protocolData?.opc], [[100], OWN])
})

test('RFC 4666 §3.4.1: DATA for a point code nobody serves brings DUNA', async () => {
  const bench = await new Bench().start()
  const asp = bench.activeAsp()
  asp.receive(vector('m3ua-data'))
  assert.deepEqual(asp.take(), ['0100020100000010001200080000080a'])
  assert.deepEqual(bench.server.send({ dpc: 9, sls: 0, data: Buffer.of(1) }), {
    sent: false,
    reason: 'destinationUnavailable',
  })
})

test('RFC 4666 §3.4.3: DAUD is answered for every point code', async () => {
  const bench = await new Bench().start()
  const asp = bench.activeAsp()
  asp.receive(vector('m3ua-daud'))
  assert.deepEqual(names(asp), ['DUNA'])
  const peer = bench.activePeer()
  assert.deepEqual(names(asp), ['DAVA'], 'told when it came up')
  asp.receive(vector('m3ua-daud'))
  assert.deepEqual(names(asp), ['DAVA'])
  peer.break()
  assert.deepEqual(names(asp), ['DUNA'], 'told when it went')
})

test('RFC 4666 §4.3.2: AS-PENDING keeps messages for T(r), and hands them to the ASP that comes back', async () => {
  const bench = await new Bench({ mostPending: 2 }).start()
  const asp = bench.activeAsp()
  asp.receive(vector('m3ua-aspia'))
  assert.deepEqual(names(asp), ['ASPIA_ACK', 'NTFY 1/4'])
  for (let i = 0; i < 3; i++) assert.ok(bench.server.send({ dpc: 2057, sls: i, data: Buffer.of(i) }).sent)
  assert.deepEqual(
    bench.events.filter(({ kind }) => kind === 'dropped'),
    [{ kind: 'dropped', path: '100', reason: 'pendingOverflow' }],
  )
  asp.receive(vector('m3ua-aspac'))
  assert.deepEqual(names(asp), ['ASPAC_ACK', 'NTFY 1/3', 'DATA', 'DATA'])
})

test('RFC 4666 §4.3.2: after T(r) what waited is dropped, and said to be', async () => {
  const bench = await new Bench().start()
  const asp = bench.activeAsp()
  asp.receive(vector('m3ua-aspia'))
  bench.server.send({ dpc: 2057, sls: 0, data: Buffer.of(1) })
  asp.take()
  bench.clock.advance(2_000)
  assert.deepEqual(names(asp), ['NTFY 1/2'])
  assert.deepEqual(
    bench.events.filter(({ kind }) => kind === 'dropped'),
    [{ kind: 'dropped', path: '100', reason: 'noActiveAsp' }],
  )
  assert.equal(bench.server.send({ dpc: 2057, sls: 0, data: Buffer.of(1) }).sent, false)
})

test('RFC 4666 §4.3.4.3: load sharing spreads by SLS, broadcast copies, override has one', async () => {
  const spread = async (trafficMode: TrafficMode | undefined, aspac: string) => {
    const bench = new Bench({
      applicationServers: [{ pointCode: 2057, routingContext: 100, ...(trafficMode && { trafficMode }) }],
    })
    await bench.start()
    const asps = [bench.asp(), bench.asp()]
    for (const asp of asps) {
      asp.receive(vector('m3ua-aspup'))
      asp.receive(fromHex(aspac))
    }
    const said = names(asps[0] as FakeTransport)
    for (const asp of asps) asp.take()
    for (let sls = 0; sls < 4; sls++) bench.server.send({ dpc: 2057, sls, data: Buffer.of(sls) })
    return [...asps.map((asp) => asp.take().length), said.includes('NTFY 2/2') ? 'alternate' : '']
  }
  assert.deepEqual(await spread(TrafficMode.loadshare, vectorHex('m3ua-aspac')), [2, 2, ''])
  assert.deepEqual(await spread(TrafficMode.broadcast, '01000401 00000008'), [4, 4, ''])
  assert.deepEqual(await spread(TrafficMode.override, '01000401 00000008'), [0, 4, 'alternate'])
})

const refusals: [title: string, before: string[], hex: string, answer: string][] = [
  ['ASPAC while down', [], vectorHex('m3ua-aspac'), 'ERR 6'],
  ['DATA while not active', ['m3ua-aspup'], vectorHex('m3ua-data'), 'ERR 6'],
  ['an unknown context', ['m3ua-aspup'], vectorHex('m3ua-aspac-rc2'), 'ERR 25'],
  ['another traffic mode', ['m3ua-aspup'], '01000401 00000018 000b0008 00000001 00060008 00000064', 'ERR 5'],
  [
    'DATA with a context it does not serve',
    ['m3ua-aspup', 'm3ua-aspac'],
    vectorHex('m3ua-data').replace('0006000800000064', '0006000800000065'),
    'ERR 25',
  ],
  ['an SGP message', ['m3ua-aspup'], vectorHex('m3ua-aspup-ack'), 'ERR 6'],
  ['another version', [], '02000301 00000008', 'ERR 1'],
  ['another class', [], '01000c01 00000008', 'ERR 3'],
  ['another type', [], '01000309 00000008', 'ERR 4'],
]
for (const [title, before, hex, answer] of refusals)
  test(`RFC 4666 §3.8.1: ${title}: ${answer}`, async () => {
    const asp = (await new Bench().start()).asp()
    for (const id of before) asp.receive(vector(id))
    asp.take()
    asp.receive(fromHex(hex))
    assert.deepEqual(names(asp), [answer])
  })

test('RFC 4666 §4.3.4.1: ASPUP while active: acknowledged, ERR 0x06, and the ASP is inactive', async () => {
  const asp = (await new Bench().start()).activeAsp()
  asp.receive(vector('m3ua-aspup'))
  assert.deepEqual(names(asp), ['ASPUP_ACK', 'NTFY 1/4', 'ERR 6'])
})

test('RFC 4666 §3.8.1: an ASP without any application server: no configured AS', async () => {
  const asp = (await new Bench({ applicationServers: [] }).start()).asp()
  asp.receive(vector('m3ua-aspup'))
  asp.receive(fromHex('01000401 00000008'))
  assert.deepEqual(names(asp), ['ASPUP_ACK', 'ERR 26'])
})

test('RFC 4666 §3.6: registration: assigned, repeated, refused; it ends with the association', async () => {
  const bench = await new Bench({ applicationServers: [], mostRegistered: 1 }).start()
  const status = (asp: FakeTransport) => {
    const hex = asp.take().find((it) => it.startsWith('01000902')) ?? ''
    const result = decodeM3ua(fromHex(hex)).parameters.registrationResults?.[0]
    return [result?.registrationStatus, result?.routingContexts?.[0]]
  }
  const asp = bench.asp()
  asp.receive(vector('m3ua-aspup'))
  asp.receive(vector('m3ua-reg-req'))
  assert.deepEqual(status(asp), [0, 1])
  asp.receive(vector('m3ua-reg-req'))
  assert.deepEqual(status(asp), [12, 1])
  asp.receive(fromHex('01000401 00000010 00060008 00000001'))
  assert.deepEqual(names(asp), ['ASPAC_ACK', 'NTFY 1/3'])
  const other = bench.asp()
  other.receive(vector('m3ua-aspup'))
  other.receive(fromHex(vectorHex('m3ua-reg-req').replace('00000809', '00000899')))
  assert.deepEqual(status(other), [8, 0], 'no more than so many')
  other.receive(vector('m3ua-reg-req'))
  assert.deepEqual(status(other), [0, 1], 'two ASPs share one')
  asp.receive(fromHex('01000903 00000010 00060008 00000001'))
  assert.equal(
    decodeM3ua(fromHex(asp.take()[0] ?? '')).parameters.deregistrationResults?.[0]?.deregistrationStatus,
    5,
  )
  asp.break()
  other.break()
  const third = bench.asp()
  third.receive(vector('m3ua-aspup'))
  third.receive(fromHex(vectorHex('m3ua-reg-req').replace('00000809', '00000899')))
  assert.equal(status(third)[0], 0, 'room again')
})

test('RFC 4666 §3.6.2: without dynamic registration: permission denied', async () => {
  const asp = (await new Bench().start()).asp()
  asp.receive(vector('m3ua-aspup'))
  asp.take()
  asp.receive(vector('m3ua-reg-req'))
  const expected = vectorHex('m3ua-reg-rsp-refused').replace('020a000800000005', '020a000800000001')
  assert.deepEqual(asp.take(), [expected])
})

test('the lab may say what it likes of destinations', async () => {
  const bench = await new Bench().start()
  const asp = bench.activeAsp()
  bench.server.announce({
    name: 'SCON',
    parameters: {
      routingContexts: [100],
      affectedPointCodes: [{ mask: 0, pointCode: 2058 }],
      congestionLevel: 2,
    },
  })
  assert.deepEqual(asp.take(), [vectorHex('m3ua-scon')])
})

async function reaches(mtp: MtpService): Promise<void> {
  if (mtp.active) return
  await new Promise<void>((resolve) => mtp.onStatus(({ kind }) => kind === 'up' && resolve()))
}

async function overTcp(context: TestContext, paths: number) {
  const server = new M3uaServer({
    listeners: Array.from({ length: paths }, () => ({ transport: 'tcp', host: '127.0.0.1', port: 0 })),
    pointCodes: [OWN],
    networkIndicator: 2,
    applicationServers: [{ pointCode: 2057, routingContext: 100 }],
  })
  const ports = await server.start()
  const asp = new M3uaEndpoint({
    paths: ports.map((port) => ({ name: `${port}`, transport: 'tcp', host: '127.0.0.1', port })),
    applicationServers: [{ pointCode: 2057, routingContext: 100 }],
    networkIndicator: 2,
    timers: { reconnectMs: 10 },
  })
  context.after(async () => {
    await asp.stop()
    await server.stop()
  })
  asp.start()
  await Promise.all([reaches(asp), reaches(server)])
  return { asp, server }
}

test('M3UA over TCP: both ends, thousands of messages both ways, in order', async (context) => {
  const { asp, server } = await overTcp(context, 1)
  const COUNT = 5_000
  const collect = (mtp: MtpService) =>
    new Promise<number[]>((resolve) => {
      const numbers: number[] = []
      mtp.onTransfer(({ data }) => {
        numbers.push(Buffer.from(data).readUInt32BE())
        if (numbers.length === COUNT) resolve(numbers)
      })
    })
  const both = Promise.all([collect(asp), collect(server)])
  for (let i = 0; i < COUNT; i++) {
    const data = Buffer.alloc(150)
    data.writeUInt32BE(i)
    assert.ok(asp.send({ dpc: OWN, sls: 3, data }).sent)
    assert.ok(server.send({ dpc: 2057, sls: 3, data }).sent)
  }
  const expected = Array.from({ length: COUNT }, (_, i) => i)
  assert.deepEqual(await both, [expected, expected])
})

test('M3UA over TCP: an ASP with two associations comes up and goes down in order', async (context) => {
  const { asp, server } = await overTcp(context, 2)
  assert.ok(asp.active && server.active)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { DecodeError, fromHex, toHex } from '@ipsmgw/bytes'
import { FakeClock, FakeTransport } from '@ipsmgw/sctp/testing'
import {
  type ApplicationServerOptions,
  decodeM3ua,
  M3uaEndpoint,
  type M3uaEndpointOptions,
  type M3uaEvent,
  type MtpStatus,
  TrafficMode,
  type TransferIndication,
} from '../index.ts'
import { vector, vectorHex } from '../testing/vectors.ts'

const AS: ApplicationServerOptions = {
  pointCode: 2057,
  routingContext: 100,
  trafficMode: TrafficMode.loadshare,
}
const PC_MSC = 2058

/** An ASP whose SGPs are the test. */
class Bench {
  readonly clock = new FakeClock()
  readonly transports: FakeTransport[] = []
  readonly attempts: string[] = []
  readonly events: M3uaEvent[] = []
  readonly statuses: MtpStatus[] = []
  readonly received: TransferIndication[] = []
  readonly endpoint: M3uaEndpoint
  /** Errors for the next attempts; without one they succeed. */
  readonly failures: Error[] = []

  constructor(paths: readonly string[] = ['a'], options: Partial<M3uaEndpointOptions> = {}) {
    this.endpoint = new M3uaEndpoint(
      {
        paths: paths.map((name) => ({ name, transport: 'sctp', hosts: [name], port: 2905 })),
        applicationServers: [AS],
        networkIndicator: 2,
        timers: { heartbeatMs: 0 },
        ...options,
      },
      {
        clock: this.clock,
        random: () => 0,
        onEvent: (event) => this.events.push(event),
        connect: (to) => {
          this.attempts.push(to.transport === 'sctp' ? (to.hosts[0] ?? '') : to.host)
          const failure = this.failures.shift()
          if (failure) return Promise.reject(failure)
          const transport = new FakeTransport()
          this.transports.push(transport)
          return Promise.resolve(transport)
        },
      },
    )
    this.endpoint.onStatus((status) => this.statuses.push(status))
    this.endpoint.onTransfer((indication) => this.received.push(indication))
  }

  /** The newest association but so many. */
  sgp(index = 0): FakeTransport {
    const transport = this.transports[index]
    assert.ok(transport, `association ${index} is open`)
    return transport
  }

  async start(): Promise<this> {
    this.endpoint.start()
    await setImmediate()
    return this
  }

  /** Start-up as a real STP answers it: ASPUP ACK, NTFY, ASPAC ACK, NTFY. */
  activate(index = 0): void {
    const sgp = this.sgp(index)
    for (const it of ['m3ua-aspup-ack', 'm3ua-ntfy-inactive', 'm3ua-aspac-ack', 'm3ua-ntfy-active'])
      sgp.receive(vector(it))
    sgp.sent.length = 0
  }

  async active(): Promise<this> {
    await this.start()
    for (const [index] of this.transports.entries()) this.activate(index)
    assert.ok(this.endpoint.active)
    return this
  }

  send(sls = 5, startsDialogue = false) {
    return this.endpoint.send({ dpc: PC_MSC, sls, data: Buffer.of(sls), startsDialogue })
  }
}

const ack = (hex: string) => fromHex(hex)
const err = (code: number, context = '') =>
  ack(
    `01000000 000000${context ? '18' : '10'} 000c0008 000000${code.toString(16).padStart(2, '0')} ${context}`,
  )
const CONTEXT_100 = '00060008 00000064'

test('RFC 4666 §4.3.4: ASPUP, ASPAC with context and mode, DATA: octet for octet as others write them', async () => {
  const bench = await new Bench().start()
  const sgp = bench.sgp()
  assert.deepEqual(sgp.take(), [vectorHex('m3ua-aspup')])
  sgp.receive(vector('m3ua-aspup-ack'))
  sgp.receive(vector('m3ua-ntfy-inactive'))
  assert.deepEqual(sgp.take(), [vectorHex('m3ua-aspac')])
  assert.equal(bench.endpoint.active, false)
  assert.deepEqual(bench.send(), { sent: false, reason: 'notActive' })
  sgp.receive(vector('m3ua-aspac-ack'))
  assert.deepEqual(bench.statuses, [{ kind: 'up' }])
  const { data } = decodeM3ua(vector('m3ua-data')).parameters.protocolData ?? {}
  assert.deepEqual(bench.endpoint.send({ dpc: PC_MSC, sls: 5, data: data ?? Buffer.alloc(0) }), {
    sent: true,
  })
  assert.deepEqual(sgp.take(), [vectorHex('m3ua-data')])
})

test('RFC 4666 §1.4.7: management on stream 0, DATA above, one SLS on one stream', async () => {
  const bench = await new Bench().start()
  assert.deepEqual(
    bench.sgp().sent.map(({ stream }) => stream),
    [0],
  )
  bench.activate()
  for (let sls = 0; sls < 16; sls++) bench.send(sls)
  bench.send(3)
  const streams = bench.sgp().sent.map(({ stream }) => stream)
  assert.deepEqual(streams, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 4])
})

test('RFC 4666 §3.3.1: DATA with the context before, behind and without is received', async () => {
  const bench = await new Bench().active()
  for (const id of ['m3ua-data', 'm3ua-data-norc', 'm3ua-data-rc-last', 'm3ua-data-na'])
    bench.sgp().receive(vector(id))
  assert.deepEqual(
    bench.received.map(({ opc, dpc, si, routingContext }) => [opc, dpc, si, routingContext]),
    [
      [2057, 2058, 3, 100],
      [2057, 2058, 3, undefined],
      [2057, 2058, 3, 100],
      [2057, 2058, 3, 100],
    ],
  )
})

test('RFC 4666 §3.1: messages cut anywhere by the transport come out whole', async () => {
  const bench = await new Bench().active()
  const flow = Buffer.concat([vector('m3ua-data'), vector('m3ua-beat'), vector('m3ua-data')])
  for (const octet of flow) bench.sgp().receive(Buffer.of(octet))
  assert.equal(bench.received.length, 2)
  assert.deepEqual(bench.sgp().take(), [vectorHex('m3ua-beat-ack')])
})

test('RFC 4666 §4.3.4.1: ASPUP is repeated at T(ack), then the association is given up and opened again', async () => {
  const bench = await new Bench().start()
  for (let i = 0; i < 3; i++) bench.clock.advance(2_000)
  assert.deepEqual(bench.sgp().take(), Array(4).fill(vectorHex('m3ua-aspup')))
  bench.clock.advance(2_000)
  assert.ok(bench.sgp().closed)
  bench.clock.advance(1_000)
  await setImmediate()
  assert.equal(bench.transports.length, 2)
})

test('RFC 4666 §4.3.4.3: ASPAC is repeated at T(ack), then the association is given up', async () => {
  const bench = await new Bench().start()
  bench.sgp().receive(vector('m3ua-aspup-ack'))
  bench.sgp().take()
  for (let i = 0; i < 3; i++) bench.clock.advance(2_000)
  assert.deepEqual(bench.sgp().take(), Array(3).fill(vectorHex('m3ua-aspac')))
  bench.clock.advance(2_000)
  assert.ok(bench.sgp().closed)
})

test('reconnects pause longer and longer up to the longest, and start short after a success', async () => {
  const bench = new Bench()
  bench.failures.push(...Array.from({ length: 7 }, () => new Error('refused')))
  await bench.start()
  const pausesMs: number[] = []
  for (let sinceMs = bench.clock.now(); bench.transports.length === 0; ) {
    const before = bench.attempts.length
    bench.clock.advance(500)
    await setImmediate()
    if (bench.attempts.length === before) continue
    pausesMs.push(bench.clock.now() - sinceMs)
    sinceMs = bench.clock.now()
  }
  assert.deepEqual(pausesMs, [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000])
  bench.activate()
  bench.sgp().break()
  bench.clock.advance(1_000)
  await setImmediate()
  assert.equal(bench.transports.length, 2)
})

test('RFC 4666 §4.3.4.3: what acknowledges another context does not make ours active', async () => {
  const bench = await new Bench().start()
  bench.sgp().receive(vector('m3ua-aspup-ack'))
  bench.sgp().receive(ack('01000403 00000010 00060008 00000065'))
  assert.equal(bench.endpoint.active, false)
})

test('RFC 4666 §4.3.4.1: an unexpected ASPUP ACK says that we are inactive: active again', async () => {
  const bench = await new Bench().active()
  bench.sgp().receive(vector('m3ua-aspup-ack'))
  assert.equal(bench.endpoint.active, false)
  assert.deepEqual(bench.sgp().take(), [vectorHex('m3ua-aspac')])
  bench.sgp().receive(vector('m3ua-aspac-ack'))
  assert.deepEqual(
    bench.statuses.map(({ kind }) => kind),
    ['up', 'down', 'up'],
  )
})

for (const id of ['m3ua-ntfy-inactive', 'm3ua-ntfy-pending'])
  test(`RFC 4666 §3.8.2: ${id} while active: the ASP activates again`, async () => {
    const bench = await new Bench().active()
    bench.sgp().receive(vector(id))
    assert.equal(bench.endpoint.active, false)
    assert.deepEqual(bench.sgp().take(), [vectorHex('m3ua-aspac')])
  })

test('RFC 4666 §4.3.4.3: override: another ASP took over; when it goes this one activates', async () => {
  const override = { ...AS, trafficMode: TrafficMode.override }
  const bench = await new Bench(['a'], { applicationServers: [override] }).active()
  bench.sgp().receive(vector('m3ua-ntfy-alternate'))
  assert.equal(bench.endpoint.active, false)
  assert.deepEqual(bench.sgp().take(), [])
  bench.sgp().receive(vector('m3ua-ntfy-pending'))
  assert.deepEqual(bench.sgp().take(), ['0100040100000018000b0008000000010006000800000064'])
})

test('RFC 4666 §1.4.4: load sharing spreads by SLS; a path that breaks leaves its share to the other', async () => {
  const bench = await new Bench(['a', 'b']).active()
  for (let sls = 0; sls < 16; sls++) bench.send(sls)
  assert.deepEqual(
    bench.transports.map(({ sent }) => sent.length),
    [8, 8],
  )
  bench.sgp(0).break()
  assert.ok(bench.endpoint.active)
  for (let sls = 0; sls < 16; sls++) assert.ok(bench.send(sls).sent)
  assert.equal(bench.sgp(1).sent.length, 24)
})

test('RFC 4666 §1.4.4: override sends all over the first path that is active', async () => {
  const override = { ...AS, trafficMode: TrafficMode.override }
  const bench = await new Bench(['a', 'b'], { applicationServers: [override] }).active()
  for (let sls = 0; sls < 16; sls++) bench.send(sls)
  assert.deepEqual(
    bench.transports.map(({ sent }) => sent.length),
    [16, 0],
  )
})

test('a path that breaks: what never left goes out once on the other, what left is not repeated', async () => {
  const bench = await new Bench(['a', 'b']).active()
  bench.send(0)
  bench.sgp(0).holding = true
  bench.send(2)
  bench.send(4)
  bench.sgp(0).break()
  const last = (hex: string) => Number(decodeM3ua(fromHex(hex)).parameters.protocolData?.sls)
  assert.deepEqual(bench.sgp(0).take().map(last), [0])
  assert.deepEqual(bench.sgp(1).take().map(last), [2, 4])
  assert.ok(!bench.statuses.some(({ kind }) => kind === 'undelivered'))
})

test('the last path breaks: what never left is told as undelivered', async () => {
  const bench = await new Bench().active()
  bench.sgp().holding = true
  bench.send(2)
  bench.sgp().break()
  const undelivered = bench.statuses.filter((it) => it.kind === 'undelivered')
  assert.deepEqual(
    undelivered.map(({ request }) => request.sls),
    [2],
  )
  assert.deepEqual(
    bench.statuses.map(({ kind }) => kind),
    ['up', 'down', 'undelivered'],
  )
})

test('a peer that does not read: the queue is full, at once', async () => {
  const bench = await new Bench().active()
  bench.sgp().holding = true
  bench.sgp().queueLimit = 3
  const results = Array.from({ length: 4 }, () => bench.send())
  assert.deepEqual(results.at(-1), { sent: false, reason: 'queueFull' })
  assert.equal(results.filter(({ sent }) => sent).length, 3)
})

test('RFC 4666 §3.4: each path has its own view; the send takes the one that reaches', async () => {
  const bench = await new Bench(['a', 'b']).active()
  bench.sgp(0).receive(vector('m3ua-duna'))
  for (let sls = 0; sls < 4; sls++) assert.ok(bench.send(sls).sent)
  assert.deepEqual(
    bench.transports.map(({ sent }) => sent.length),
    [0, 4],
  )
  assert.equal(bench.endpoint.destination(PC_MSC).availability, 'unknown')
  bench.sgp(1).receive(vector('m3ua-duna'))
  assert.deepEqual(bench.send(), { sent: false, reason: 'destinationUnavailable' })
  assert.equal(bench.endpoint.destination(PC_MSC).availability, 'unavailable')
  bench.sgp(0).receive(vector('m3ua-dava'))
  assert.ok(bench.send().sent)
  const seen = bench.statuses.filter((it) => it.kind === 'destination' && it.state.pointCode === PC_MSC)
  assert.deepEqual(
    seen.map((it) => it.kind === 'destination' && it.state.availability),
    ['unknown', 'unavailable', 'available'],
  )
})

test('RFC 4666 §3.4.4, §3.4.5: congestion holds back new dialogues only, a missing user part everything', async () => {
  const bench = await new Bench().active()
  bench.sgp().receive(vector('m3ua-scon'))
  assert.deepEqual(bench.send(1, true), { sent: false, reason: 'destinationCongested' })
  assert.ok(bench.send(1, false).sent)
  bench.sgp().receive(vector('m3ua-dupu'))
  assert.deepEqual(bench.send(1, false), { sent: false, reason: 'userPartUnavailable' })
})

test('RFC 4666 §3.4.3: what is unavailable is asked for with DAUD, until it is not', async () => {
  const bench = await new Bench().active()
  bench.sgp().receive(vector('m3ua-duna'))
  bench.clock.advance(30_000)
  assert.deepEqual(bench.sgp().take(), ['010002030000001000120008' + '0000080a'])
  bench.sgp().receive(vector('m3ua-dava'))
  bench.clock.advance(60_000)
  assert.deepEqual(bench.sgp().take(), [])
  assert.equal(bench.clock.pending, 0)
})

test('RFC 4666 §4.5.3: a path that comes up asks for what the others hold for unavailable', async () => {
  const bench = await new Bench(['a', 'b']).start()
  bench.activate(0)
  bench.sgp(0).receive(vector('m3ua-duna'))
  bench.sgp(1).receive(vector('m3ua-aspup-ack'))
  bench.sgp(1).take()
  bench.sgp(1).receive(vector('m3ua-aspac-ack'))
  assert.deepEqual(bench.sgp(1).take(), ['0100020300000010001200080000080a'])
})

test('a new start of the ASP forgets what was said of destinations', async () => {
  const bench = await new Bench().active()
  bench.sgp().receive(vector('m3ua-duna'))
  bench.sgp().break()
  bench.clock.advance(1_000)
  await setImmediate()
  bench.activate(1)
  assert.ok(bench.send().sent)
})

test('RFC 4666 §4.3.4.6: BEAT at the interval; without an answer the association is given up', async () => {
  const bench = await new Bench(['a'], { timers: { heartbeatMs: 10_000 } }).active()
  bench.clock.advance(10_000)
  const [beat = ''] = bench.sgp().take()
  assert.match(beat, /^01000303/)
  bench.sgp().receive(fromHex(beat.replace(/^01000303/, '01000306')))
  bench.clock.advance(10_000)
  assert.equal(bench.sgp().take().length, 1)
  bench.clock.advance(10_000)
  assert.ok(bench.sgp().closed)
  assert.ok(bench.events.some(({ kind }) => kind === 'heartbeatLost'))
})

test('RFC 4666 §4.4: the key is registered, the assigned context used, and given back at the end', async () => {
  const bench = new Bench(['a'], {
    applicationServers: [{ pointCode: 2057, trafficMode: TrafficMode.loadshare, register: true }],
  })
  await bench.start()
  bench.sgp().take()
  bench.sgp().receive(vector('m3ua-aspup-ack'))
  assert.deepEqual(bench.sgp().take(), [vectorHex('m3ua-reg-req')])
  bench.sgp().receive(vector('m3ua-reg-rsp'))
  assert.deepEqual(bench.sgp().take(), ['0100040100000018000b0008000000020006000800000001'])
  bench.sgp().receive(ack('01000403 00000010 00060008 00000001'))
  assert.ok(bench.send().sent)
  bench.sgp().take()
  const stopped = bench.endpoint.stop()
  bench.sgp().receive(ack('01000404 00000010 00060008 00000001'))
  assert.deepEqual(bench.sgp().take(), [
    '01000402000000100006000800000001',
    '01000903000000100006000800000001',
    '0100030200000008',
  ])
  bench.sgp().receive(vector('m3ua-aspdn-ack'))
  await stopped
  assert.equal(bench.clock.pending, 0)
})

test('RFC 4666 §4.4.1: a refused registration is tried again after its pause', async () => {
  const bench = new Bench(['a'], {
    applicationServers: [{ pointCode: 2057, trafficMode: TrafficMode.loadshare, register: true }],
  })
  await bench.start()
  bench.sgp().receive(vector('m3ua-aspup-ack'))
  bench.sgp().take()
  bench
    .sgp()
    .receive(fromHex(vectorHex('m3ua-reg-rsp-refused').replace('020a000800000005', '020a000800000001')))
  assert.deepEqual(bench.sgp().take(), [])
  assert.ok(bench.events.some(({ kind }) => kind === 'refused'))
  bench.clock.advance(10_000)
  assert.deepEqual(bench.sgp().take(), [vectorHex('m3ua-reg-req')])
})

for (const code of [0x05, 0x15, 0x19, 0x1a])
  test(`RFC 4666 §3.8.1: ERR 0x${code.toString(16)} to ASPAC: refused, asked for again, the ASP stays up`, async () => {
    const bench = await new Bench().start()
    bench.sgp().receive(vector('m3ua-aspup-ack'))
    bench.sgp().take()
    bench.sgp().receive(err(code))
    bench.clock.advance(9_999)
    assert.deepEqual(bench.sgp().take(), [])
    bench.clock.advance(1)
    assert.deepEqual(bench.sgp().take(), [vectorHex('m3ua-aspac')])
    assert.ok(!bench.sgp().closed)
  })

for (const code of [0x01, 0x0d, 0x0e, 0x0f])
  test(`RFC 4666 §3.8.1: ERR 0x${code.toString(16)} to ASPUP: the association is left, and opened again later`, async () => {
    const bench = await new Bench().start()
    bench.sgp().receive(err(code))
    assert.ok(bench.sgp().closed)
    bench.clock.advance(1_000)
    await setImmediate()
    assert.equal(bench.transports.length, 2)
  })

for (const code of [0x03, 0x04, 0x06, 0x07, 0x09, 0x11, 0x12, 0x13, 0x14, 0x16, 0x55])
  test(`RFC 4666 §3.8.1: ERR 0x${code.toString(16)} while active concerns one message only`, async () => {
    const bench = await new Bench().active()
    bench.sgp().receive(err(code))
    assert.ok(bench.endpoint.active)
    const event = bench.events.find((it) => it.kind === 'errorReceived')
    assert.equal(event?.errorCode, code)
  })

test('RFC 4666 §3.8.1: an ERR that names a context stops that one, and no other', async () => {
  const other = { pointCode: 2060, routingContext: 101 }
  const bench = await new Bench(['a'], { applicationServers: [AS, other] }).start()
  bench.sgp().receive(vector('m3ua-aspup-ack'))
  bench.sgp().receive(ack('01000403 00000014 0006000c 00000064 00000065'))
  bench.sgp().receive(err(0x19, CONTEXT_100))
  assert.deepEqual(bench.send(), { sent: false, reason: 'notActive' })
  assert.ok(bench.endpoint.send({ opc: 2060, dpc: PC_MSC, sls: 1, data: Buffer.of(1) }).sent)
})

test('RFC 4666 §4.3: IPSP in double exchange: the requests of the peer are acknowledged', async () => {
  const bench = await new Bench(['a'], { doubleExchange: true }).active()
  for (const id of ['m3ua-aspup', 'm3ua-aspac', 'm3ua-aspia', 'm3ua-aspdn']) bench.sgp().receive(vector(id))
  assert.deepEqual(
    bench.sgp().take(),
    ['m3ua-aspup-ack', 'm3ua-aspac-ack', 'm3ua-aspia-ack', 'm3ua-aspdn-ack'].map(vectorHex),
  )
})

test('stop: ASPIA, ASPDN, close, and nothing is opened again', async () => {
  const bench = await new Bench().active()
  const stopped = bench.endpoint.stop()
  assert.deepEqual(bench.sgp().take(), [vectorHex('m3ua-aspia')])
  assert.deepEqual(bench.send(), { sent: false, reason: 'notActive' })
  bench.sgp().receive(vector('m3ua-data'))
  assert.equal(bench.received.length, 1, 'answers still come in')
  bench.sgp().receive(vector('m3ua-aspia-ack'))
  assert.deepEqual(bench.sgp().take(), [vectorHex('m3ua-aspdn')])
  bench.sgp().receive(vector('m3ua-aspdn-ack'))
  await stopped
  bench.clock.advance(120_000)
  assert.equal(bench.transports.length, 1)
})

test('stop with a peer that is silent ends all the same, by T(ack)', async () => {
  const bench = await new Bench().active()
  const stopped = bench.endpoint.stop()
  for (let i = 0; i < 8; i++) bench.clock.advance(2_000)
  await stopped
  assert.ok(bench.sgp().closed)
})

test('hostile: malformed messages are answered with the right ERR, never an ERR with an ERR', async () => {
  const bench = await new Bench().active()
  const answers: [hex: string, code: number | undefined][] = [
    ['02000303 00000008', 0x01],
    ['01000c01 00000008', 0x03],
    ['01000309 00000008', 0x04],
    ['01000101 00000008', 0x16],
    ['01000101 00000010 02100099 00000000', 0x12],
    ['01000303 0000000c 00090003', 0x11],
    ['01000301 00000008', 0x06],
    ['01000000 00000008', undefined],
    ['01000000 0000000c 000c0099', undefined],
  ]
  for (const [hex, code] of answers) {
    bench.sgp().receive(fromHex(hex))
    const [answer] = bench.sgp().take()
    const { name, parameters } = answer ? decodeM3ua(fromHex(answer)) : {}
    assert.deepEqual(
      [name, parameters?.errorCode],
      code === undefined ? [undefined, undefined] : ['ERR', code],
      hex,
    )
    if (code !== undefined)
      assert.equal(toHex(parameters?.diagnosticInformation ?? Buffer.of()), toHex(fromHex(hex)))
  }
  assert.ok(bench.endpoint.active, 'the association lives on')
})

test('hostile: a length nobody can mean closes the association, which comes back', async () => {
  for (const hex of ['01000101 00000007', '01000101 ffffffff']) {
    const bench = await new Bench().active()
    bench.sgp().receive(fromHex(hex))
    assert.ok(bench.sgp().closed)
    assert.ok(bench.events.some(({ kind }) => kind === 'malformed'))
    bench.clock.advance(1_000)
    await setImmediate()
    assert.equal(bench.transports.length, 2)
  }
})

test('a fault of the user is the user’s: the association is not blamed for it', async () => {
  const bench = await new Bench().active()
  const fault = new DecodeError('TCAP', '', 0, 'invalid')
  bench.endpoint.onTransfer(() => {
    throw fault
  })
  assert.throws(() => bench.sgp().receive(vector('m3ua-data')), fault)
  assert.ok(!bench.sgp().closed && !bench.events.some(({ kind }) => kind === 'malformed'))
})

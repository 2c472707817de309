import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { DecodeError, fromHex } from '@ipsmgw/bytes'
import type { MtpStatus, TransferIndication } from '@ipsmgw/m3ua'
import { FakeClock, FakeTransport } from '@ipsmgw/sctp/testing'
import { IpaLink } from '../index.ts'
import { decodeIdRequest, encodeIpa, IpaFramer, IpaStream } from './codec.ts'
import type { IpaEvent } from './link.ts'

/** As a real STP sent and accepted them. */
const ID_REQUEST = '0011fe0401080107010201030104010501010100'
const ID_RESPONSE_GW = '0007fe05000401677700'
const ID_ACK = '0001fe06'
const PING = '0001fe00'
const PONG = '0001fe01'

class Bench {
  readonly clock = new FakeClock()
  readonly transports: FakeTransport[] = []
  readonly events: IpaEvent[] = []
  readonly statuses: MtpStatus[] = []
  readonly received: TransferIndication[] = []
  readonly link: IpaLink

  constructor() {
    this.link = new IpaLink(
      { connect: { transport: 'tcp', host: '127.0.0.1', port: 5000 }, unitName: 'gw' },
      {
        clock: this.clock,
        random: () => 0,
        onEvent: (event) => this.events.push(event),
        connect: () => {
          const transport = new FakeTransport()
          this.transports.push(transport)
          return Promise.resolve(transport)
        },
      },
    )
    this.link.onStatus((status) => this.statuses.push(status))
    this.link.onTransfer((indication) => this.received.push(indication))
  }

  get stp(): FakeTransport {
    return this.transports.at(-1) as FakeTransport
  }

  async start(): Promise<this> {
    this.link.start()
    await setImmediate()
    return this
  }

  async up(): Promise<this> {
    await this.start()
    this.stp.receive(fromHex(ID_REQUEST))
    this.stp.receive(fromHex(ID_ACK))
    this.stp.take()
    assert.ok(this.link.active)
    return this
  }

  send(octets = 3) {
    return this.link.send({ dpc: 2058, sls: 1, data: Buffer.alloc(octets, 9) })
  }
}

test('IPA: identity request, response and acknowledgement, octet for octet', async () => {
  const bench = await new Bench().start()
  bench.stp.receive(fromHex(ID_REQUEST))
  assert.deepEqual(bench.stp.take(), [ID_RESPONSE_GW])
  assert.deepEqual(bench.send(), { sent: false, reason: 'notActive' })
  bench.stp.receive(fromHex(ID_ACK))
  assert.deepEqual(bench.stp.take(), [ID_ACK])
  assert.deepEqual(bench.statuses, [{ kind: 'up' }])
  bench.stp.receive(fromHex(ID_ACK))
  assert.deepEqual(bench.stp.take(), [], 'acknowledged once')
})

test('IPA: SCCP messages go as they are, both ways, cut anywhere', async () => {
  const bench = await new Bench().up()
  assert.deepEqual(bench.send(), { sent: true })
  assert.deepEqual(bench.stp.take(), ['0003fd090909'])
  for (const octet of fromHex('0003fd010203 0002fd0405')) bench.stp.receive(Buffer.of(octet))
  assert.deepEqual(
    bench.received.map(({ data, si, opc }) => [Buffer.from(data).toString('hex'), si, opc]),
    [
      ['010203', 3, 0],
      ['0405', 3, 0],
    ],
  )
})

test('IPA: a ping is answered; own pings need an answer', async () => {
  const bench = await new Bench().up()
  bench.stp.receive(fromHex(PING))
  assert.deepEqual(bench.stp.take(), [PONG])
  bench.clock.advance(20_000)
  assert.deepEqual(bench.stp.take(), [PING])
  bench.stp.receive(fromHex(PONG))
  bench.clock.advance(20_000)
  assert.deepEqual(bench.stp.take(), [PING])
  bench.clock.advance(20_000)
  assert.ok(bench.stp.closed && bench.events.some(({ kind }) => kind === 'pingLost'))
})

test('IPA: an STP that never asks for the name is left and tried again', async () => {
  const bench = await new Bench().start()
  bench.clock.advance(5_000)
  assert.ok(bench.stp.closed)
  bench.clock.advance(1_000)
  await setImmediate()
  assert.equal(bench.transports.length, 2)
})

test('a connection that breaks: down, what never left is undelivered, and up again', async () => {
  const bench = await new Bench().up()
  bench.stp.holding = true
  assert.ok(bench.send().sent)
  bench.stp.break()
  assert.deepEqual(
    bench.statuses.map(({ kind }) => kind),
    ['up', 'down', 'undelivered'],
  )
  bench.clock.advance(1_000)
  await setImmediate()
  bench.stp.receive(fromHex(ID_REQUEST + ID_ACK))
  assert.ok(bench.link.active)
})

test('bounded: no message longer than the frame takes, none beyond the queue', async () => {
  const bench = await new Bench().up()
  assert.deepEqual(bench.send(4_097), { sent: false, reason: 'tooLong' })
  bench.stp.queueLimit = 0
  bench.stp.holding = true
  assert.deepEqual(bench.send(), { sent: false, reason: 'queueFull' })
})

test('stop: the connection closes, and no other is opened', async () => {
  const bench = await new Bench().up()
  await bench.link.stop()
  bench.clock.advance(60_000)
  assert.deepEqual([bench.transports.length, bench.clock.pending, bench.link.active], [1, 0, false])
})

test('hostile: malformed CCM and frames end the connection with an event, unknown ones are ignored', async () => {
  for (const hex of ['0003fe040508', '3000fd00', 'fffffd00']) {
    const bench = await new Bench().up()
    bench.stp.receive(fromHex(hex))
    assert.ok(bench.stp.closed, hex)
    assert.ok(bench.events.some(({ kind }) => kind === 'malformed'))
  }
  const bench = await new Bench().up()
  for (const hex of ['0001fe77', '0000fe', '0002ee0102']) bench.stp.receive(fromHex(hex))
  assert.ok(bench.link.active && bench.received.length === 0)
})

test('hostile: every truncation of an identity request is a list or a DecodeError', () => {
  const payload = fromHex(ID_REQUEST).subarray(3)
  assert.deepEqual(decodeIdRequest(payload), [8, 7, 2, 3, 4, 5, 1, 0])
  for (let length = 1; length < payload.length; length++) {
    if (length % 2 === 1) assert.equal(decodeIdRequest(payload.subarray(0, length)).length, (length - 1) / 2)
    else assert.throws(() => decodeIdRequest(payload.subarray(0, length)), DecodeError)
  }
})

test('IPA frame: length of the payload, stream, payload', () => {
  const frame = encodeIpa(IpaStream.sccp, Buffer.of(1, 2))
  assert.equal(frame.toString('hex'), '0002fd0102')
  assert.deepEqual(new IpaFramer().push(frame), [{ stream: 0xfd, payload: Buffer.of(1, 2) }])
})

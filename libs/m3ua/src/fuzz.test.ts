import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { DecodeError, fromHex } from '@ipsmgw/bytes'
import { FakeClock, FakeTransport } from '@ipsmgw/sctp/testing'
import { decodeM3ua, encodeM3ua, M3uaEndpoint, M3uaFramer, M3uaServer } from './index.ts'

const file = new URL('../../../test/vectors/map-vectors.json', import.meta.url)
const vectors = JSON.parse(readFileSync(file, 'utf8')) as { m3ua: { m3ua: string }[] }
const SEEDS = vectors.m3ua.map(({ m3ua }) => Buffer.from(fromHex(m3ua)))
const ROUNDS = Number(process.env.IPSMGW_FUZZ_ROUNDS ?? 20_000)

/** Small deterministic generator, so that a failure can be repeated. */
function generator(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 0x100000000) * below)
  }
}

const INTERESTING = [0, 1, 3, 4, 7, 8, 0x7f, 0x80, 0xff]

function mutate(seed: Buffer, random: (below: number) => number): Buffer {
  let mutant: Buffer = Buffer.from(seed)
  for (let i = random(4); i >= 0; i--) {
    const at = random(mutant.length)
    const kind = random(5)
    if (kind === 0) mutant[at] = random(256)
    else if (kind === 1) mutant[at] = INTERESTING[random(INTERESTING.length)] ?? 0
    else if (kind === 2) mutant = mutant.subarray(0, at)
    else if (kind === 3) mutant = Buffer.concat([mutant.subarray(0, at), mutant.subarray(random(at + 1))])
    else if (mutant.length >= 8) mutant.writeUInt32BE(mutant.length, 4)
    if (mutant.length === 0) return mutant
  }
  return mutant
}

test('hostile: whatever the octets, the decoder gives a message or a DecodeError that points into them', () => {
  const random = generator(1)
  let decoded = 0
  for (let round = 0; round < ROUNDS; round++) {
    const octets = mutate(SEEDS[round % SEEDS.length] as Buffer, random)
    try {
      const message = decodeM3ua(octets)
      assert.deepEqual(decodeM3ua(encodeM3ua(message)).parameters, message.parameters)
      decoded++
    } catch (error) {
      assert.ok(error instanceof DecodeError, `${octets.toString('hex')}: ${error}`)
      assert.ok(error.offset >= 0 && error.offset <= octets.length, octets.toString('hex'))
    }
  }
  assert.ok(decoded > ROUNDS / 100, `${decoded} of ${ROUNDS} decoded`)
})

test('hostile: whatever the flow, the framer gives whole messages or a DecodeError, and keeps little', () => {
  const random = generator(2)
  for (let round = 0; round < ROUNDS / 20; round++) {
    const framer = new M3uaFramer()
    try {
      for (let i = 0; i < 20; i++) {
        const chunk = mutate(SEEDS[random(SEEDS.length)] as Buffer, random)
        for (const it of framer.push(chunk)) assert.equal(it.readUInt32BE(4), it.length)
      }
    } catch (error) {
      assert.ok(error instanceof DecodeError, String(error))
    }
  }
})

test('hostile: an ASP survives whatever its SGP sends, and what it remembers stays bounded', async () => {
  const random = generator(3)
  const clock = new FakeClock()
  const transports: FakeTransport[] = []
  const endpoint = new M3uaEndpoint(
    {
      paths: [{ name: 'a', transport: 'sctp', hosts: ['127.0.0.1'], port: 2905 }],
      applicationServers: [{ pointCode: 2057, routingContext: 100, register: true }],
      networkIndicator: 2,
    },
    {
      clock,
      random: () => 0,
      connect: () => {
        transports.push(new FakeTransport())
        return Promise.resolve(transports.at(-1) as FakeTransport)
      },
    },
  )
  endpoint.start()
  await setImmediate()
  for (let round = 0; round < ROUNDS / 4; round++) {
    const transport = transports.at(-1) as FakeTransport
    transport.receive(mutate(SEEDS[random(SEEDS.length)] as Buffer, random))
    endpoint.send({ dpc: 2058, sls: round % 16, data: Buffer.of(1) })
    transport.sent.length = 0
    if (random(50) === 0) clock.advance(random(3_000))
    if (transport.closed) {
      clock.advance(30_000)
      await setImmediate()
    }
    assert.ok(clock.pending < 10, `${clock.pending} timers`)
  }
  assert.ok(transports.length > 1)
})

test('hostile: an SGP survives whatever its ASPs send', async () => {
  const random = generator(4)
  const clock = new FakeClock()
  let accept: (transport: FakeTransport) => void = () => {}
  const server = new M3uaServer(
    {
      listeners: [{ transport: 'tcp', host: '127.0.0.1', port: 0 }],
      pointCodes: [2060],
      networkIndicator: 2,
      applicationServers: [{ pointCode: 2057, routingContext: 100 }],
      mostRegistered: 20,
    },
    {
      clock,
      listen: (_options, onTransport) => {
        accept = onTransport
        return Promise.resolve({ port: 1, close: () => Promise.resolve() })
      },
    },
  )
  await server.start()
  const asps: FakeTransport[] = []
  for (let round = 0; round < ROUNDS / 4; round++) {
    const at = random(4)
    if (asps[at] === undefined || asps[at].closed || random(500) === 0) {
      asps[at]?.break()
      asps[at] = new FakeTransport()
      accept(asps[at])
    }
    asps[at].receive(mutate(SEEDS[random(SEEDS.length)] as Buffer, random))
    for (const it of asps) if (it) it.sent.length = 0
    if (random(50) === 0) clock.advance(random(3_000))
    assert.ok(clock.pending < 30, `${clock.pending} timers`)
  }
})

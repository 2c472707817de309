import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { fromHex } from '@ipsmgw/bytes'
import { Mutator, randomFrom } from '@ipsmgw/bytes/testing'
import { FakeClock, FakeTransport } from '@ipsmgw/sctp/testing'
import { M3uaEndpoint, M3uaServer } from './index.ts'

const file = new URL('../../../test/vectors/map-vectors.json', import.meta.url)
const vectors = JSON.parse(readFileSync(file, 'utf8')) as { m3ua: { m3ua: string }[] }
const ROUNDS = 20_000
const LENGTH_OFFSET = 4
const mutator = new Mutator({
  seeds: vectors.m3ua.map(({ m3ua }) => fromHex(m3ua)),
  maximumOctets: 512,
  repair(octets) {
    if (octets.length >= LENGTH_OFFSET + 4) octets.writeUInt32BE(octets.length, LENGTH_OFFSET)
    return octets
  },
})

test('hostile: an ASP survives whatever its SGP sends, and what it remembers stays bounded', async () => {
  const random = randomFrom(3)
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
    transport.receive(mutator.next(random))
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
  const random = randomFrom(4)
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
    asps[at].receive(mutator.next(random))
    for (const it of asps) if (it) it.sent.length = 0
    if (random(50) === 0) clock.advance(random(3_000))
    assert.ok(clock.pending < 30, `${clock.pending} timers`)
  }
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fromHex } from '@ipsmgw/bytes'
import { Mutator, randomFrom } from '@ipsmgw/bytes/testing'
import { FakeClock } from '@ipsmgw/sctp/testing'
import { SccpEndpoint } from './index.ts'
import { FakeMtp } from './testing/fake-mtp.ts'
import { SCCP_VECTORS } from './testing/vectors.ts'

const ROUNDS = 20_000

test('hostile: an endpoint survives whatever the network brings; what it keeps is bounded and expires', () => {
  const random = randomFrom(3)
  const mutator = new Mutator({ seeds: SCCP_VECTORS.map((hex) => fromHex(hex)), maximumOctets: 512 })
  const mtp = new FakeMtp()
  const clock = new FakeClock()
  const reassembly = { mostMessages: 50, mostOctets: 20_000, timeoutMs: 15_000 }
  const statusTest = { firstTestMs: 10_000, longestTestMs: 600_000, mostEntries: 50 }
  const sccp = new SccpEndpoint(
    { pointCode: 2057, routing: { defaultDestinations: [2058] }, reassembly, statusTest },
    { mtp, clock },
  )
  const received: number[] = []
  for (const ssn of [6, 8])
    sccp.bind(ssn, {
      onUnitData: ({ data }) => received.push(data.length),
      onNotice: ({ data }) => received.push(data.length),
    })
  for (let round = 0; round < ROUNDS; round++) {
    mtp.receive(mutator.next(random), random(2) ? random(0x4000) : random(0xffffffff))
    assert.ok(mtp.take().length <= 1, 'one answer for one message')
    if (random(1_000) === 0) clock.advance(random(20_000))
    mtp.take()
  }
  assert.ok(received.length > 0 && received.every((it) => it <= 16 * 255))
  assert.ok(clock.pending <= 1)
})

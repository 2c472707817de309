import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DecodeError, EncodeError, fromHex } from '@ipsmgw/bytes'
import { FakeClock } from '@ipsmgw/sctp/testing'
import { decodeManagement, decodeSccp, encodeSccp, SccpEndpoint } from './index.ts'
import { FakeMtp } from './testing/fake-mtp.ts'
import { SCCP_VECTORS } from './testing/vectors.ts'

const SEEDS = SCCP_VECTORS.map((hex) => Buffer.from(fromHex(hex)))
const ROUNDS = Number(process.env.IPSMGW_FUZZ_ROUNDS ?? 20_000)
const INTERESTING = [0, 1, 3, 6, 8, 0x10, 0x7f, 0x80, 0xff]

/** Small deterministic generator, so that a failure can be repeated. */
function generator(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 0x100000000) * below)
  }
}

function mutate(seed: Buffer, random: (below: number) => number): Buffer {
  let mutant: Buffer = Buffer.from(seed)
  for (let i = random(4); i >= 0 && mutant.length > 0; i--) {
    const at = random(2) === 0 ? random(Math.min(12, mutant.length)) : random(mutant.length)
    const kind = random(4)
    if (kind === 0) mutant[at] = random(256)
    else if (kind === 1) mutant[at] = INTERESTING[random(INTERESTING.length)] ?? 0
    else if (kind === 2) mutant = mutant.subarray(0, at)
    else mutant = Buffer.concat([mutant.subarray(0, at), mutant.subarray(random(at + 1))])
  }
  return mutant
}

test('hostile: whatever the octets, the decoder gives a message or a DecodeError that points into them', () => {
  const random = generator(1)
  let decoded = 0
  for (let round = 0; round < ROUNDS; round++) {
    const octets = mutate(SEEDS[round % SEEDS.length] as Buffer, random)
    try {
      const message = decodeSccp(octets)
      decoded++
      const again = decodeSccp(encodeSccp(message))
      assert.deepEqual(Buffer.from(again.data), Buffer.from(message.data))
      assert.ok(again.called.equals(message.called) && again.calling.equals(message.calling))
    } catch (error) {
      if (error instanceof EncodeError) continue // parts that overlap do not fit one behind the other
      assert.ok(error instanceof DecodeError, `${octets.toString('hex')}: ${error}`)
      assert.ok(error.offset >= 0 && error.offset <= octets.length, octets.toString('hex'))
    }
  }
  assert.ok(decoded > ROUNDS / 20, `${decoded} of ${ROUNDS} decoded`)
})

test('hostile: management of any octets', () => {
  const random = generator(2)
  for (let round = 0; round < ROUNDS; round++) {
    const octets = Buffer.from(Array.from({ length: random(9) }, () => random(round % 2 ? 8 : 256)))
    try {
      decodeManagement(octets)
    } catch (error) {
      assert.ok(error instanceof DecodeError, String(error))
    }
  }
})

test('hostile: an endpoint survives whatever the network brings; what it keeps is bounded and expires', () => {
  const random = generator(3)
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
    mtp.receive(
      mutate(SEEDS[random(SEEDS.length)] as Buffer, random),
      random(2) ? random(0x4000) : random(0xffffffff),
    )
    assert.ok(mtp.take().length <= 1, 'one answer for one message')
    if (random(1_000) === 0) clock.advance(random(20_000))
    mtp.take()
  }
  assert.ok(received.length > 0 && received.every((it) => it <= 16 * 255))
  assert.ok(clock.pending <= 1)
})

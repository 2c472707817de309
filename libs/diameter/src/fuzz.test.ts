import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { DecodeError, fromHex } from '@ipsmgw/bytes'
import { decodeDiameter, encodeDiameter } from './codec.ts'
import { describeDiameter } from './describe.ts'
import { MESSAGES, type RequestName } from './dictionary/messages.ts'
import { nameOfMessage, readAnswer, readRequest } from './fields.ts'
import { DiameterFramer } from './framer.ts'
import type { DiameterMessage } from './messages.ts'
import { resultOf } from './results.ts'

const FILE = new URL('../../../test/vectors/diameter-vectors.json', import.meta.url)
const { vectors } = JSON.parse(readFileSync(FILE, 'utf8')) as { vectors: { hex: string }[] }
const SEEDS = vectors.map(({ hex }) => fromHex(hex))
const ROUNDS = Number(process.env.IPSMGW_FUZZ_ROUNDS ?? 20_000)

/** Small deterministic generator, so that a failure can be repeated. */
function generator(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return (state >>> 8) % below
  }
}

/** Changes a few octets; half of the time the message length is put right, so that the AVPs are reached. */
function mutate(octets: Buffer, random: (below: number) => number): Buffer {
  let mutant = Buffer.from(octets)
  for (let i = random(4); i >= 0; i--) {
    const at = random(mutant.length)
    const kind = random(5)
    if (kind <= 1) mutant[at] = random(256)
    else if (kind === 2) mutant[at] = [0, 1, 0x7f, 0x80, 0xff][random(5)] as number
    else if (kind === 3) {
      const cut = mutant.subarray(at + 4 * random(10))
      mutant = Buffer.concat([mutant.subarray(0, at), cut])
    } else {
      const piece = octets.subarray(random(octets.length))
      mutant = Buffer.concat([mutant.subarray(0, at), piece.subarray(0, 4 * random(20))])
    }
    if (mutant.length === 0) mutant = Buffer.alloc(4)
  }
  if (random(2) === 0 && mutant.length >= 20) {
    mutant = mutant.subarray(0, mutant.length & ~3)
    mutant[0] = 1
    mutant.writeUIntBE(mutant.length, 1, 3)
  }
  return mutant
}

function tolerated(read: () => void): void {
  try {
    read()
  } catch (error) {
    assert.ok(error instanceof DecodeError, String(error))
    assert.ok(error.offset >= 0 && error.offset <= 0x10000 && error.path !== '', error.message)
  }
}

/** What is kept of a message: all but places and the P flag of AVPs, which is sent as 0. */
function withoutPlaces({ avps, ...header }: DiameterMessage): object {
  return {
    ...header,
    avps: avps.map(({ code, vendorId, mandatory, data }) => [code, vendorId, mandatory, data]),
  }
}

/** Everything that reads a message. */
function readAll(octets: Buffer): void {
  const message = decodeDiameter(octets)
  assert.deepEqual(withoutPlaces(decodeDiameter(encodeDiameter(message))), withoutPlaces(message))
  tolerated(() => describeDiameter(message))
  tolerated(() => resultOf(message))
  const name = nameOfMessage(message)
  if (name === undefined) return
  if ('answer' in MESSAGES[name]) tolerated(() => readRequest(name as RequestName, message))
  else tolerated(() => readAnswer(name, message))
}

test(`RFC 6733 §7.1: ${ROUNDS} mutations of the vectors give a message or a typed error`, () => {
  const random = generator(20_260_801)
  for (let round = 0; round < ROUNDS; round++) {
    const seed = SEEDS[random(SEEDS.length)]
    assert.ok(seed)
    const mutant = mutate(seed, random)
    tolerated(() => readAll(mutant))
  }
})

test('RFC 6733 §4.4: groups in groups to the bottom are described without end of the stack', () => {
  const depth = 8_000
  const octets = Buffer.alloc(20 + 8 * depth)
  octets.writeUInt8(1, 0)
  octets.writeUIntBE(octets.length, 1, 3)
  octets.writeUInt8(0x80, 4)
  octets.writeUIntBE(280, 5, 3)
  for (let i = 0; i < depth; i++) {
    octets.writeUInt32BE(279, 20 + 8 * i)
    octets.writeUIntBE(8 * (depth - i), 25 + 8 * i, 3)
  }
  readAll(octets)
})

test('RFC 6733 §2.1: mutated streams never throw out of the framer', () => {
  const random = generator(7)
  for (let round = 0; round < ROUNDS / 20; round++) {
    const framer = new DiameterFramer({
      message: (octets) => tolerated(() => readAll(octets)),
      lost: () => {},
    })
    for (let i = 0; i < 3; i++) {
      const mutant = mutate(SEEDS[random(SEEDS.length)] ?? Buffer.alloc(20), random)
      for (let at = 0; at < mutant.length; ) {
        const size = 1 + random(200)
        framer.push(mutant.subarray(at, at + size))
        at += size
      }
    }
  }
})

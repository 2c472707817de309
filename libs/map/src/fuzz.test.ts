import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { DecodeError, fromHex, toHex } from '@ipsmgw/bytes'
import { decodeTcap } from '@ipsmgw/tcap'
import {
  type Argument,
  decodeArgument,
  decodeDialoguePdu,
  decodeMapError,
  decodeResult,
  encodeArgument,
  encodeDialoguePdu,
  encodeMapError,
  encodeResult,
  MAP_ERRORS,
  OPERATIONS,
  type OperationName,
  type Result,
} from './index.ts'

const file = new URL('../../../test/vectors/map-vectors.json', import.meta.url)
const vectors = (JSON.parse(readFileSync(file, 'utf8')) as { map: { tcap: string }[] }).map
const names = Object.keys(OPERATIONS) as OperationName[]
const codes = Object.values(MAP_ERRORS).map(({ code }) => code)

/** Every parameter of the vectors, of whatever operation or error. */
const samples = vectors.flatMap(({ tcap }) => {
  const message = decodeTcap(fromHex(tcap))
  if (message.type === 'abort') return []
  return message.components.flatMap((component) =>
    'parameter' in component && component.parameter !== undefined ? [component.parameter] : [],
  )
})

/** Small deterministic generator: a failure can be repeated. */
function generator(seed: number): (limit: number) => number {
  let state = seed
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * limit)
  }
}

function hasUnknown(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return false
  return 'unknown' in value || Object.values(value).some(hasUnknown)
}

/** Decodes, encodes and decodes again; false when the octets are no such value. */
function survives<T>(
  input: Uint8Array,
  decode: (octets: Uint8Array) => T,
  encode: (value: T) => Uint8Array,
): boolean {
  let value: T
  try {
    value = decode(input)
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
    assert.equal(error.protocol, 'MAP')
    assert.ok(error.offset <= input.length && error.path.length > 0, toHex(input))
    return false
  }
  const again = encode(value)
  // Unknown elements move behind the known ones, where they may look like one.
  if (hasUnknown(value)) return true
  assert.deepEqual(encode(decode(again)), again, toHex(input))
  return true
}

test('TS 29.002 §17.7: any octets give a value or a DecodeError, and a value encodes again', () => {
  const random = generator(29_002)
  let read = 0
  for (let round = 0; round < 60_000; round++) {
    const octets = Buffer.from(samples[random(samples.length)] as Uint8Array)
    for (let change = random(3); change > 0; change--) octets[random(octets.length)] = random(256)
    const input = random(5) === 0 ? octets.subarray(0, random(octets.length + 1)) : octets
    const name = names[random(names.length)] as OperationName
    const code = codes[random(codes.length)] as number
    const outcomes = [
      survives<Argument<OperationName>>(
        input,
        (it) => decodeArgument(name, it),
        (value) => encodeArgument(name, value as Argument<typeof name>, 3),
      ),
      survives<Result<OperationName> | undefined>(
        input,
        (it) => decodeResult(name, it),
        (value) => encodeResult(name, (value ?? {}) as Result<typeof name>, 3) ?? Buffer.alloc(0),
      ),
      survives(
        input,
        (it) => decodeMapError(code, it),
        (value) => encodeMapError(value, 3).parameter ?? Buffer.alloc(0),
      ),
    ]
    read += outcomes.filter(Boolean).length
  }
  assert.ok(read > 20_000, `${read} were readable`)
})

test('TS 29.002 §17.4: any octets give a dialogue PDU or a DecodeError', () => {
  const random = generator(17)
  const pdus = ['a00b80099600010121436587f9', 'a30c0a0100060704000001001902', 'a4028100', 'a5030a0100']
  for (let round = 0; round < 20_000; round++) {
    const value = fromHex(pdus[random(pdus.length)] as string)
    for (let change = random(3); change > 0; change--) value[random(value.length)] = random(256)
    const decode = (octets: Uint8Array) => decodeDialoguePdu([{ syntax: '0.4.0.0.1.1.1.1', value: octets }])
    survives(value, decode, (pdu) => encodeDialoguePdu(pdu ?? assert.fail())[0]?.value ?? assert.fail())
  }
})

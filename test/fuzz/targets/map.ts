import assert from 'node:assert/strict'
import { fromHex } from '@ipsmgw/bytes'
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
} from '@ipsmgw/map'
import { decodeTcap } from '@ipsmgw/tcap'
import type { FuzzTarget } from '../target.ts'
import { decodes, TCAP_MESSAGES } from './vectors.ts'

const NAMES = Object.keys(OPERATIONS) as OperationName[]
const CODES = Object.values(MAP_ERRORS).map(({ code }) => code)
const DIALOGUE_SYNTAX = '0.4.0.0.1.1.1.1'
const DIALOGUE_PDUS = ['a00b80099600010121436587f9', 'a30c0a0100060704000001001902', 'a4028100', 'a5030a0100']

/** Every parameter of the vectors, of whatever operation or error. */
const parameters = TCAP_MESSAGES.flatMap((octets) => {
  const message = decodeTcap(octets)
  if (message.type === 'abort') return []
  return message.components.flatMap((component) =>
    'parameter' in component && component.parameter !== undefined ? [component.parameter] : [],
  )
})

/** TS 29.002 §17.7, §17.4: the same octets as argument, result, error and dialogue PDU. */
export const map: FuzzTarget = {
  name: 'map',
  seeds: [...parameters, ...DIALOGUE_PDUS.map((hex) => fromHex(hex))],
  maximumOctets: 4_096,
  leastReadable: 0.1,
  read(octets, random) {
    const name = NAMES[random(NAMES.length)] as OperationName
    const code = CODES[random(CODES.length)] as number
    const readings = [
      survives<Argument<OperationName>>(
        octets,
        (it) => decodeArgument(name, it),
        (value) => encodeArgument(name, value as Argument<typeof name>, 3),
      ),
      survives<Result<OperationName> | undefined>(
        octets,
        (it) => decodeResult(name, it),
        (value) => encodeResult(name, (value ?? {}) as Result<typeof name>, 3) ?? Buffer.alloc(0),
      ),
      survives(
        octets,
        (it) => decodeMapError(code, it),
        (value) => encodeMapError(value, 3).parameter ?? Buffer.alloc(0),
      ),
      survives(
        octets,
        (it) => decodeDialoguePdu([{ syntax: DIALOGUE_SYNTAX, value: it }]),
        (pdu) => encodeDialoguePdu(pdu ?? assert.fail())[0]?.value ?? assert.fail(),
      ),
    ]
    return readings.some(Boolean)
  },
}

/** Decodes, encodes and decodes again; false when the octets are no such value. */
function survives<T>(
  input: Uint8Array,
  decode: (octets: Uint8Array) => T,
  encode: (value: T) => Uint8Array,
): boolean {
  return decodes(input, () => {
    const value = decode(input)
    const again = encode(value)
    // Unknown elements move behind the known ones, where they may look like one.
    if (!hasUnknown(value)) assert.deepEqual(encode(decode(again)), again)
  })
}

function hasUnknown(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return false
  return 'unknown' in value || Object.values(value).some(hasUnknown)
}

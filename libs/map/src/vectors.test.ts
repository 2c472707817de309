import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { DecodeError, fromHex, toHex } from '@ipsmgw/bytes'
import { type Component, decodeTcap, encodeTcap, type ReceivedMessage, type TcapMessage } from '@ipsmgw/tcap'
import {
  type Argument,
  contextOf,
  decodeArgument,
  decodeDialoguePdu,
  decodeMapError,
  decodeResult,
  encodeArgument,
  encodeDialoguePdu,
  encodeMapError,
  encodeResult,
  internationalNumber,
  type MapVersion,
  OPERATIONS,
  type OperationName,
  operationOf,
} from './index.ts'

interface VectorMap {
  readonly op?: number | null
  readonly args?: Readonly<Record<string, unknown>>
  readonly result?: Readonly<Record<string, unknown>> | null
  readonly error?: number
  readonly param?: Readonly<Record<string, unknown>> | null
  readonly inform?: Readonly<Record<string, unknown>>
  readonly [field: string]: unknown
}
interface Vector {
  readonly id: string
  readonly description: string
  readonly tcap: string
  readonly decodeOnly?: boolean
  readonly decoded: { readonly tcap: { dialogue?: { acn: string } }; readonly map: VectorMap }
}

const file = new URL('../../../test/vectors/map-vectors.json', import.meta.url)
const vectors = (JSON.parse(readFileSync(file, 'utf8')) as { map: Vector[] }).map

/** Where the vectors call a field otherwise. */
const NAMES: Readonly<Record<string, string>> = {
  storedMsisdn: 'storedMSISDN',
  smDeliveryTimerSeconds: 'smDeliveryTimer',
  ipSmGwGuidance: 'guidance',
  minimumDeliveryTimeSeconds: 'minimum',
  recommendedDeliveryTimeSeconds: 'recommended',
  serviceCentreAddressOa: 'serviceCentreAddressOA',
  serviceCentreAddressDa: 'serviceCentreAddressDA',
}
/** Kept by the decoder, not told by the vectors. */
const UNTOLD = new Set(['extensionContainer', 'mwdSet', 'unknown'])

/** A decoded value in the words of the vectors: bare digits, hex, no LocationInfo level. */
function asVector(value: unknown): unknown {
  if (value instanceof Uint8Array) return toHex(value)
  if (Array.isArray(value)) return value.map((name: string) => name.replace('Set', '-Set'))
  if (typeof value !== 'object' || value === null) return value
  if ('digits' in value) {
    assert.deepEqual(value, internationalNumber(value.digits as string))
    return value.digits
  }
  const entries: [string, unknown][] = []
  for (const [name, inner] of Object.entries(value)) {
    if (UNTOLD.has(name)) continue
    if (name === 'locationInfo') entries.push(...Object.entries(asVector(inner) as object))
    else entries.push([NAMES[name] ?? name, asVector(inner)])
  }
  return Object.fromEntries(entries)
}

/** What the vectors call arguments of a forward names the absence of the flag, too. */
function expectedArguments(args: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(Object.entries(args).filter(([, value]) => value !== false))
}

function versionOf(vector: Vector): MapVersion {
  const { dialogue } = vector.decoded.tcap
  if (dialogue !== undefined) return contextOf(dialogue.acn)?.version ?? assert.fail(dialogue.acn)
  // A message inside a dialogue has no context: the id tells.
  return vector.id.includes('v2') ? 2 : vector.id.includes('v1') ? 1 : 3
}

/** Decodes a component by what it is and checks it; gives it back encoded anew. */
function again(vector: Vector, component: Component, version: MapVersion): Component {
  const { map } = vector.decoded
  switch (component.kind) {
    case 'invoke': {
      const name = operationOf(component.operation, version) ?? assert.fail(`${component.operation}`)
      const argument = decodeArgument(name, component.parameter)
      const { op, ...inform } = map.inform ?? {}
      if (op === OPERATIONS[name].code) assert.deepEqual(asVector(argument), inform)
      else {
        assert.equal(OPERATIONS[name].code, map.op)
        assert.deepEqual(asVector(argument), expectedArguments(map.args ?? assert.fail('no arguments')))
      }
      return { ...component, parameter: encodeArgument(name, argument as Argument<typeof name>, version) }
    }
    case 'returnError': {
      const mapError = decodeMapError(component.error, component.parameter)
      const found = mapError.parameter === undefined ? null : asVector(mapError.parameter)
      assert.deepEqual(found, map.param)
      const { code, parameter } = encodeMapError(mapError, version)
      assert.equal(code, map.error)
      const { kind, invokeId } = component
      return { kind, invokeId, error: code, ...(parameter && { parameter }) }
    }
    case 'returnResultLast': {
      if (component.operation === undefined) {
        assert.deepEqual([map.op, map.result], [null, null])
        return component
      }
      const name = operationOf(component.operation, version) ?? assert.fail(`${component.operation}`)
      const result = decodeResult(name, component.parameter)
      assert.equal(OPERATIONS[name].code, map.op)
      assert.deepEqual(asVector(result), map.result)
      const parameter = result && encodeResult(name, result, version)
      const { kind, invokeId, operation } = component
      return { kind, invokeId, operation, ...(parameter && { parameter }) }
    }
    default:
      return component
  }
}

/** The message with MAP content decoded, compared with the vector, and encoded anew. */
function recode(vector: Vector, message: ReceivedMessage): TcapMessage {
  const dialogue = message.dialogue
  if (dialogue?.userInformation !== undefined) {
    const pdu = decodeDialoguePdu(dialogue.userInformation) ?? assert.fail('no MAP dialogue PDU')
    Object.assign(dialogue, { userInformation: encodeDialoguePdu(pdu) })
  }
  if (message.type === 'abort') return message
  const version = versionOf(vector)
  const components = message.components.map((component) => {
    if (component.kind === 'malformed') throw component.fault
    return again(vector, component, version)
  })
  return { ...message, components }
}

for (const vector of vectors) {
  const { id, description, tcap, decodeOnly } = vector
  test(`TS 29.002 §17, ${id}: ${description}`, () => {
    const octets = fromHex(tcap)
    const encoded = encodeTcap(recode(vector, decodeTcap(octets)))
    if (decodeOnly !== true) assert.equal(toHex(encoded), tcap)
    else recode(vector, decodeTcap(encoded))
  })
}

test('TS 29.002 §17.4: MAP dialogue PDUs of the vectors', () => {
  const pdus = new Map<string, unknown>()
  for (const { id, tcap } of vectors) {
    const { dialogue } = decodeTcap(fromHex(tcap))
    if (dialogue?.userInformation !== undefined) pdus.set(id, decodeDialoguePdu(dialogue.userInformation))
  }
  assert.deepEqual(Object.fromEntries(pdus), {
    'mt-fsm-v3-req-lmsi': {
      pdu: 'open',
      destinationReference: { nature: 1, plan: 6, digits: '001010123456789' },
    },
    'abort-ac-not-supported-alt': {
      pdu: 'refuse',
      reason: 0,
      alternativeApplicationContext: '0.4.0.0.1.0.25.2',
    },
    'abort-u-user': { pdu: 'userAbort', choice: { userResourceLimitation: true } },
    'abort-u-cancel': { pdu: 'userAbort', choice: { applicationProcedureCancellation: 6 } },
    'abort-u-provider': { pdu: 'providerAbort', reason: 0 },
  })
})

/** Every parameter of the vectors, with the decoder that reads it. */
function parameters(): { id: string; octets: Uint8Array; decode: (octets: Uint8Array) => unknown }[] {
  return vectors.flatMap((vector) => {
    const message = decodeTcap(fromHex(vector.tcap))
    if (message.type === 'abort') return []
    return message.components.flatMap((component) => {
      if (component.kind === 'malformed' || component.kind === 'reject') return []
      const { parameter: octets } = component
      if (octets === undefined) return []
      return { id: vector.id, octets, decode: decoderOf(component, versionOf(vector)) }
    })
  })
}

function decoderOf(component: Component, version: MapVersion): (octets: Uint8Array) => unknown {
  if (component.kind === 'returnError') return (octets) => decodeMapError(component.error, octets)
  if (component.kind === 'reject' || component.operation === undefined) return assert.fail('no parameter')
  const name: OperationName = operationOf(component.operation, version) ?? assert.fail('no operation')
  return component.kind === 'invoke'
    ? (octets) => decodeArgument(name, octets)
    : (octets) => decodeResult(name, octets)
}

test('TS 29.002 §17.7: every truncation of every parameter is a DecodeError of MAP', () => {
  const all = parameters()
  assert.ok(all.length > 60, `${all.length} parameters`)
  for (const { id, octets, decode } of all) {
    decode(octets)
    for (let length = 0; length < octets.length; length++)
      assert.throws(
        () => decode(octets.subarray(0, length)),
        (error) => error instanceof DecodeError && error.protocol === 'MAP' && error.offset <= length,
        `${id} cut at ${length}`,
      )
  }
})

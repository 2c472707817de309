import { decodeGroup } from './codec.ts'
import { Application } from './dictionary/applications.ts'
import { type KnownAvp, knownAvp, knownMessage, nameOfAvp } from './dictionary/lookup.ts'
import { ExperimentalResult, ResultCode } from './dictionary/results.ts'
import { AvpError } from './errors.ts'
import type { Avp, DiameterMessage } from './messages.ts'
import { isFault } from './values.ts'

/** Groups below this depth are shown as octets. */
const DEEPEST_GROUP = 12

/** A message for people: plain values under the names of their AVPs, repeated ones as an array. */
export interface MessageDescription {
  readonly command: string
  readonly code: number
  readonly application: string
  readonly flags: string
  readonly hopByHopId: string
  readonly endToEndId: string
  readonly avps: Readonly<Record<string, unknown>>
}

/**
 * A message as a nested plain object with the standard's names, for trees and JSON: numbers with the name of their
 * value, unknown AVPs as octets. Throws `AvpError` for a known AVP that is malformed.
 */
export function describeDiameter(message: DiameterMessage): MessageDescription {
  const known = knownMessage(message.commandCode, message.applicationId, message.request)
  const path = known?.name ?? (message.request ? 'request' : 'answer')
  const flags = [
    message.request ? 'request' : 'answer',
    ...(message.proxiable ? ['proxiable'] : []),
    ...(message.error ? ['error'] : []),
    ...(message.retransmitted ? ['potentially retransmitted'] : []),
  ]
  return {
    command: known === undefined ? 'unknown' : `${known.command} (${known.name})`,
    code: message.commandCode,
    application: applicationName(message.applicationId),
    flags: flags.join(', '),
    hopByHopId: hex32(message.hopByHopId),
    endToEndId: hex32(message.endToEndId),
    avps: describeAvps(message.avps, path, 0),
  }
}

function describeAvps(avps: readonly Avp[], path: string, depth: number): Record<string, unknown> {
  const described = new Map<string, unknown[]>()
  for (const avp of avps) {
    const name = nameOfAvp(avp.code, avp.vendorId)
    const item = describeAvp(avp, `${path}.${name}`, depth)
    const items = described.get(name)
    if (items === undefined) described.set(name, [item])
    else items.push(item)
  }
  return Object.fromEntries(
    [...described].map(([name, items]) => [name, items.length > 1 ? items : items[0]]),
  )
}

function describeAvp(avp: Avp, path: string, depth: number): unknown {
  const known = knownAvp(avp.code, avp.vendorId)
  if (known === undefined || depth >= DEEPEST_GROUP) return avp.data
  if (known.scalar === undefined) return describeAvps(decodeGroup(avp, path), path, depth + 1)
  const item = known.scalar.read(avp.data)
  if (isFault(item))
    throw new AvpError(path, avp.offset ?? 0, 'invalid', {
      resultCode: item.kind === 'length' ? ResultCode.INVALID_AVP_LENGTH : ResultCode.INVALID_AVP_VALUE,
      failedAvp: avp,
      detail: item.detail,
    })
  return typeof item === 'number' ? describeNumber(known, item) : item
}

function describeNumber({ name, definition }: KnownAvp, item: number): number | string {
  if (definition.bits !== undefined) {
    const set = Object.entries(definition.bits).filter(([, mask]) => (item & mask) !== 0)
    return set.length === 0 ? item : `${item} (${set.map(([bit]) => bit).join(', ')})`
  }
  const meaning = nameOfValue(definition.values ?? VALUES_ELSEWHERE[name], item)
  return meaning === undefined ? item : `${item} (${meaning})`
}

/** Numbers whose meaning stands in a table of its own. */
const VALUES_ELSEWHERE: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  'Result-Code': ResultCode,
  'Experimental-Result-Code': ExperimentalResult,
  'Auth-Application-Id': Application,
}

function nameOfValue(names: Readonly<Record<string, number>> | undefined, item: number): string | undefined {
  return names === undefined ? undefined : Object.entries(names).find(([, number]) => number === item)?.[0]
}

function applicationName(applicationId: number): string {
  const name = nameOfValue(Application, applicationId)
  return name === undefined ? String(applicationId) : `${applicationId} (${name})`
}

function hex32(number: number): string {
  return `0x${number.toString(16).padStart(8, '0')}`
}

import { type ByteWriter, EncodeError } from '@ipsmgw/bytes'
import { beginAvp, decodeGroup, encodeAvps, endAvp, writeAvp } from './codec.ts'
import type { AvpName } from './dictionary/avps.ts'
import type { AvpValue, Fields } from './dictionary/definitions.ts'
import {
  avpNamed,
  ERROR_ANSWER,
  type Grammar,
  type KnownAvp,
  knownAvp,
  knownMessage,
  type Member,
  messageNamed,
  nameOfAvp,
} from './dictionary/lookup.ts'
import type { MessageName, RequestName } from './dictionary/messages.ts'
import { ResultCode } from './dictionary/results.ts'
import { AvpError, PROTOCOL } from './errors.ts'
import type { Avp, DiameterMessage } from './messages.ts'
import { isFault } from './values.ts'

/** Members by name: single ones as the value, others as an array. Untyped inside, typed at the borders. */
type Draft = Record<string, unknown>

/** Deeper groups do not exist in any standard used here. */
const DEEPEST_GROUP = 8

/** `strict` refuses what a request must not hold; otherwise the odd is kept under `AVP` and passed over. */
type Mode = 'strict' | 'tolerant'

/**
 * The first AVP of this name as a value, or undefined. `where` is a message or a list of AVPs. Throws `AvpError`
 * when that AVP is malformed; faults elsewhere do not matter.
 */
export function value<N extends AvpName>(
  where: DiameterMessage | readonly Avp[],
  name: N,
): AvpValue<N> | undefined {
  const known = avpNamed(name)
  const avp = avpsOf(where).find(({ code, vendorId }) => code === known.code && vendorId === known.vendorId)
  return avp === undefined ? undefined : (readValue(known, avp, 'message', 'tolerant', 0) as AvpValue<N>)
}

/** All AVPs of this name as values, in their order. Throws `AvpError`. */
export function values<N extends AvpName>(
  where: DiameterMessage | readonly Avp[],
  name: N,
): readonly AvpValue<N>[] {
  const known = avpNamed(name)
  return avpsOf(where)
    .filter(({ code, vendorId }) => code === known.code && vendorId === known.vendorId)
    .map((avp) => readValue(known, avp, 'message', 'tolerant', 0) as AvpValue<N>)
}

function avpsOf(where: DiameterMessage | readonly Avp[]): readonly Avp[] {
  return 'avps' in where ? where.avps : where
}

/**
 * A whole request as a typed object, checked in the order of RFC 6733: unknown AVPs with the M flag, cardinality,
 * values. Throws `AvpError` with the Result-Code that answers it. AVPs outside the grammar are kept under `AVP`.
 */
export function readRequest<M extends RequestName>(name: M, message: DiameterMessage): Fields<M> {
  return readMembers(messageNamed(name).grammar, message.avps, name, 'strict', 0) as Fields<M>
}

/**
 * A whole answer as a typed object. Nobody can be told of its faults, so nothing is required and unknown AVPs do
 * not matter; a malformed value throws `AvpError`. Who needs one AVP only asks `value`.
 */
export function readAnswer<M extends MessageName>(name: M, message: DiameterMessage): Partial<Fields<M>> {
  const grammar = message.error ? ERROR_ANSWER : messageNamed(name).grammar
  return readMembers(grammar, message.avps, name, 'tolerant', 0) as Partial<Fields<M>>
}

/** Abbreviation of a message (`SRR`), if the command is known. */
export function nameOfMessage(message: DiameterMessage): MessageName | undefined {
  return knownMessage(message.commandCode, message.applicationId, message.request)?.name
}

function readMembers(
  grammar: Grammar,
  avps: readonly Avp[],
  path: string,
  mode: Mode,
  depth: number,
  group?: Avp,
): Draft {
  const draft: Draft = {}
  for (const avp of avps) readMember(grammar, draft, avp, path, mode, depth)
  if (mode === 'strict')
    for (const { avp } of grammar.required)
      if (draft[avp.name] === undefined)
        throw new AvpError(`${path}.${avp.name}`, group?.offset ?? 0, 'missing', {
          resultCode: ResultCode.MISSING_AVP,
          failedAvp: exampleOf(avp),
        })
  return draft
}

function readMember(grammar: Grammar, draft: Draft, avp: Avp, path: string, mode: Mode, depth: number): void {
  const known = knownAvp(avp.code, avp.vendorId)
  const member = known === undefined ? undefined : grammar.byName.get(known.name)
  if (member === undefined) {
    if (mode === 'strict') refuseFurther(grammar, known, avp, path)
    pushTo(draft, 'AVP', avp)
    return
  }
  const { name } = member.avp
  if (!member.single) {
    pushTo(draft, name, readValue(member.avp, avp, path, mode, depth))
  } else if (draft[name] === undefined) {
    draft[name] = readValue(member.avp, avp, path, mode, depth)
  } else if (mode === 'tolerant') {
    pushTo(draft, 'AVP', avp)
  } else {
    throw new AvpError(`${path}.${name}`, avp.offset ?? 0, 'duplicate', {
      resultCode: ResultCode.AVP_OCCURS_TOO_MANY_TIMES,
      failedAvp: avp,
    })
  }
}

function refuseFurther(grammar: Grammar, known: KnownAvp | undefined, avp: Avp, path: string): void {
  const place = `${path}.${nameOfAvp(avp.code, avp.vendorId)}`
  if (known === undefined && avp.mandatory)
    throw new AvpError(place, avp.offset ?? 0, 'unsupported', {
      resultCode: ResultCode.AVP_UNSUPPORTED,
      failedAvp: avp,
      detail: 'unknown, with the M flag',
    })
  if (known !== undefined && !grammar.extensible)
    throw new AvpError(place, avp.offset ?? 0, 'invalid', {
      resultCode: ResultCode.AVP_NOT_ALLOWED,
      failedAvp: avp,
    })
}

function pushTo(draft: Draft, name: string, item: unknown): void {
  const list = draft[name] as unknown[] | undefined
  if (list === undefined) draft[name] = [item]
  else list.push(item)
}

/** `path` is that of the enclosing message or group; the AVP's own name is added only when it is needed. */
function readValue(known: KnownAvp, avp: Avp, path: string, mode: Mode, depth: number): unknown {
  const { name, scalar, grammar, maximumOctets } = known
  if (scalar === undefined) {
    if (depth >= DEEPEST_GROUP) throw malformed(avp, `${path}.${name}`, 'value', 'groups too deep')
    return readGroup(grammar as Grammar, avp, `${path}.${name}`, mode, depth)
  }
  if (avp.data.length > maximumOctets)
    throw malformed(avp, `${path}.${name}`, 'length', `${avp.data.length} octets, at most ${maximumOctets}`)
  const result = scalar.read(avp.data)
  if (isFault(result)) throw malformed(avp, `${path}.${name}`, result.kind, result.detail)
  return result
}

/** A fault of a member is the group's: Failed-AVP holds the group with the offending member alone (§7.5). */
function readGroup(grammar: Grammar, avp: Avp, path: string, mode: Mode, depth: number): Draft {
  try {
    return readMembers(grammar, decodeGroup(avp, path), path, mode, depth + 1, avp)
  } catch (error) {
    if (!(error instanceof AvpError) || error.failedAvp === undefined) throw error
    const { resultCode, detail, failedAvp } = error
    throw new AvpError(error.path, error.offset, error.reason, {
      resultCode,
      detail,
      failedAvp: groupOf(avp, failedAvp),
    })
  }
}

function groupOf(group: Avp, member: Avp): Avp {
  return { ...group, data: encodeAvps([member]) }
}

function malformed(avp: Avp, path: string, kind: 'length' | 'value', detail: string): AvpError {
  const resultCode = kind === 'length' ? ResultCode.INVALID_AVP_LENGTH : ResultCode.INVALID_AVP_VALUE
  return new AvpError(path, avp.offset ?? 0, 'invalid', { resultCode, failedAvp: avp, detail })
}

/** An example of a missing AVP, with zeros of the smallest size (RFC 6733 §7.5). */
function exampleOf({ code, vendorId, definition }: KnownAvp): Avp {
  const octets = { Unsigned32: 4, Enumerated: 4, Time: 4, Unsigned64: 8, Address: 6 } as Record<
    string,
    number
  >
  return { code, vendorId, mandatory: definition.mandatory, data: Buffer.alloc(octets[definition.type] ?? 0) }
}

/** Writes a typed object in the order of its grammar. Throws `EncodeError`. */
export function writeMembers(
  writer: ByteWriter,
  grammar: Grammar,
  draft: Readonly<Record<string, unknown>>,
  applicationId: number,
  path: string,
): void {
  for (const member of grammar.order) {
    if (member === undefined) for (const avp of (draft.AVP as Avp[] | undefined) ?? []) writeAvp(writer, avp)
    else writeMember(writer, member, draft[member.avp.name], applicationId, path)
  }
}

function writeMember(
  writer: ByteWriter,
  { avp, single, required }: Member,
  item: unknown,
  applicationId: number,
  path: string,
): void {
  if (item === undefined) {
    if (required) throw new EncodeError(PROTOCOL, `${path}.${avp.name}`, 'it is mandatory')
  } else if (single) writeValue(writer, avp, item, applicationId, path)
  else for (const each of item as unknown[]) writeValue(writer, avp, each, applicationId, path)
}

function writeValue(
  writer: ByteWriter,
  { name, code, vendorId, mandatory, mandatoryIn, scalar, grammar }: KnownAvp,
  item: unknown,
  applicationId: number,
  path: string,
): void {
  const start = beginAvp(writer, code, vendorId, mandatoryIn?.[applicationId] ?? mandatory)
  if (scalar !== undefined) scalar.write(writer, item, path, name)
  else writeMembers(writer, grammar as Grammar, item as Draft, applicationId, `${path}.${name}`)
  endAvp(writer, start)
}

import { SCALARS, type ScalarKind } from '../values.ts'
import { Application, VENDOR_3GPP } from './applications.ts'
import { AVPS, type AvpName } from './avps.ts'
import type { AvpDefinition, Cardinality, Members } from './definitions.ts'
import { ERROR_ANSWER_MEMBERS, MESSAGES, type MessageName } from './messages.ts'

/** An AVP definition made ready for reading and writing: every one has the same shape, which makes them fast. */
export interface KnownAvp {
  readonly name: AvpName
  readonly definition: AvpDefinition
  readonly code: number
  readonly vendorId: number
  readonly mandatory: boolean
  readonly mandatoryIn: Readonly<Record<number, boolean>> | undefined
  readonly maximumOctets: number
  /** How its value is read and written; undefined for a grouped AVP. */
  readonly scalar: ScalarKind<unknown> | undefined
  /** Members of a grouped AVP. */
  readonly grammar: Grammar | undefined
}

/** One member of a grammar. */
export interface Member {
  readonly avp: KnownAvp
  readonly cardinality: Cardinality
  readonly single: boolean
  readonly required: boolean
}

/** A grammar in the order in which it is written; `undefined` is the place of further AVPs. */
export interface Grammar {
  readonly order: readonly (Member | undefined)[]
  readonly byName: ReadonlyMap<string, Member>
  readonly required: readonly Member[]
  readonly extensible: boolean
}

const BASE = new Map<number, KnownAvp>()
const THREE_GPP = new Map<number, KnownAvp>()
const BY_NAME = new Map<string, KnownAvp>()
for (const [name, definition] of Object.entries(AVPS) as [AvpName, AvpDefinition][]) {
  const known = knownOf(name, definition)
  const index = known.vendorId === 0 ? BASE : THREE_GPP
  index.set(known.code, known)
  BY_NAME.set(name, known)
}
// Members may be defined further down, so the grammars are made when every AVP is known.
for (const known of BY_NAME.values() as Iterable<{ -readonly [K in keyof KnownAvp]: KnownAvp[K] }>)
  if (known.definition.members !== undefined) known.grammar = grammarOf(known.definition.members)

function knownOf(name: AvpName, definition: AvpDefinition): KnownAvp {
  const {
    code,
    vendorId = 0,
    mandatory,
    mandatoryIn,
    maximumOctets = Number.MAX_SAFE_INTEGER,
    type,
  } = definition
  const scalar = type === 'Grouped' ? undefined : (SCALARS[type] as ScalarKind<unknown>)
  const ready = { name, definition, code, vendorId, mandatory, mandatoryIn, maximumOctets, scalar }
  return { ...ready, grammar: undefined }
}

/** The AVP with this code of this vendor, if it is known. */
export function knownAvp(code: number, vendorId: number): KnownAvp | undefined {
  if (vendorId === 0) return BASE.get(code)
  return vendorId === VENDOR_3GPP ? THREE_GPP.get(code) : undefined
}

export function avpNamed(name: AvpName): KnownAvp {
  return BY_NAME.get(name) as KnownAvp
}

/** The name in the standard, or vendor and code. */
export function nameOfAvp(code: number, vendorId: number): string {
  return knownAvp(code, vendorId)?.name ?? (vendorId === 0 ? `AVP ${code}` : `AVP ${vendorId}:${code}`)
}

function grammarOf(members: Members): Grammar {
  const order = Object.entries(members).map(([name, cardinality]): Member | undefined => {
    const avp = BY_NAME.get(name)
    if (avp === undefined) return undefined
    return {
      avp,
      cardinality,
      single: cardinality === '1' || cardinality === '?',
      required: cardinality === '1' || cardinality === '+',
    }
  })
  const known = order.filter((member) => member !== undefined)
  return {
    order,
    byName: new Map(known.map((member) => [member.avp.name, member])),
    required: known.filter(({ required }) => required),
    extensible: Object.hasOwn(members, 'AVP'),
  }
}

/** A command's message with its grammar. */
export interface KnownMessage {
  readonly name: MessageName
  readonly code: number
  readonly applicationId: number
  readonly request: boolean
  readonly proxiable: boolean
  readonly once: boolean
  readonly command: string
  readonly answer: MessageName | undefined
  readonly grammar: Grammar
}

const MESSAGE_BY_NAME = new Map<string, KnownMessage>()
const REQUESTS = new Map<number, KnownMessage>()
const ANSWERS = new Map<number, KnownMessage>()
for (const [name, definition] of Object.entries(MESSAGES)) {
  const { members, ...rest } = definition
  const known: KnownMessage = {
    once: false,
    answer: undefined,
    ...rest,
    name: name as MessageName,
    grammar: grammarOf(members),
  }
  MESSAGE_BY_NAME.set(name, known)
  const index = known.request ? REQUESTS : ANSWERS
  index.set(known.code, known)
}

/** Grammar of an answer with the E flag. */
export const ERROR_ANSWER: Grammar = grammarOf(ERROR_ANSWER_MEMBERS)

export function messageNamed(name: MessageName): KnownMessage {
  return MESSAGE_BY_NAME.get(name) as KnownMessage
}

/** The message with this command code, if it belongs to this application. */
export function knownMessage(
  code: number,
  applicationId: number,
  request: boolean,
): KnownMessage | undefined {
  const known = request ? REQUESTS.get(code) : ANSWERS.get(code)
  return known?.applicationId === applicationId ? known : undefined
}

const APPLICATIONS: ReadonlySet<number> = new Set(Object.values(Application))

export function isKnownApplication(applicationId: number): boolean {
  return APPLICATIONS.has(applicationId)
}

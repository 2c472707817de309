import type { Avp } from '../messages.ts'
import type { AVPS, AvpName } from './avps.ts'
import type { MESSAGES, MessageName } from './messages.ts'

/** What a value of each AVP type is in a program (RFC 6733 §4.2, §4.3). */
export interface ScalarTypes {
  OctetString: Buffer
  /** E.164 digits, two an octet, without type octet: TS 29.329 §6.3.2 and the addresses of TS 29.338. */
  Tbcd: string
  UTF8String: string
  DiameterIdentity: string
  DiameterURI: string
  Unsigned32: number
  Unsigned64: bigint
  /** The number; the constants of `enumerations.ts` name the known ones. */
  Enumerated: number
  Time: Date
  /** IPv4 or IPv6 in text form. */
  Address: string
}
export type ScalarType = keyof ScalarTypes

/** How often a member stands: exactly once, at most once, any number of times, at least once. */
export type Cardinality = '1' | '?' | '*' | '+'

/** Grammar: member to cardinality, in the standard's order. `AVP` stands for any further AVP. */
export type Members = Readonly<Record<string, Cardinality>>

export interface AvpDefinition {
  readonly code: number
  /** Absent for AVPs of the IETF. */
  readonly vendorId?: number
  readonly type: ScalarType | 'Grouped'
  /** The M flag that we send. */
  readonly mandatory: boolean
  /** Applications in whose messages the M flag is another. */
  readonly mandatoryIn?: Readonly<Record<number, boolean>>
  readonly maximumOctets?: number
  readonly values?: Readonly<Record<string, number>>
  readonly bits?: Readonly<Record<string, number>>
  readonly members?: Members
}

export interface MessageDefinition {
  readonly command: string
  readonly code: number
  readonly applicationId: number
  readonly request: boolean
  readonly proxiable: boolean
  /** A request's answer, by abbreviation. */
  readonly answer?: string
  /** Has an effect outside that nobody can undo: such a request is sent once, to one peer. */
  readonly once?: boolean
  readonly members: Members
}

type Single<M> = { [K in keyof M]: M[K] extends '1' ? K : never }[keyof M]
type Some<M> = { [K in keyof M]: M[K] extends '+' ? K : never }[keyof M]
type Optional<M> = { [K in keyof M]: M[K] extends '?' ? K : never }[keyof M]
type Any<M> = { [K in keyof M]: M[K] extends '*' ? K : never }[keyof M]

type MemberValue<K> = K extends 'AVP' ? Avp : K extends AvpName ? AvpValue<K> : never

/** The object that a grammar describes: AVP name to value. Unknown AVPs are kept under `AVP`. */
export type Shape<M> = { readonly [K in Single<M>]: MemberValue<K> } & {
  readonly [K in Some<M>]: readonly MemberValue<K>[]
} & { readonly [K in Optional<M>]?: MemberValue<K> | undefined } & {
  readonly [K in Any<M>]?: readonly MemberValue<K>[] | undefined
}

/** What an AVP of this name holds. */
export type AvpValue<N extends AvpName> = (typeof AVPS)[N] extends { readonly members: infer M }
  ? Shape<M>
  : (typeof AVPS)[N]['type'] extends keyof ScalarTypes
    ? ScalarTypes[(typeof AVPS)[N]['type']]
    : never

/** All members of a message, as it is built and as a request is read. */
export type Fields<M extends MessageName> = Shape<(typeof MESSAGES)[M]['members']>

import type { SccpAddress } from './address.ts'

/** Message type codes (Q.713 §2.1), connectionless only. */
export const SccpMessageType = {
  UDT: 0x09,
  UDTS: 0x0a,
  XUDT: 0x11,
  XUDTS: 0x12,
  LUDT: 0x13,
  LUDTS: 0x14,
} as const
export type SccpMessageType = keyof typeof SccpMessageType

/** Names of optional parameters (Q.713 §3). */
export const OptionalParameter = { endOfOptional: 0x00, segmentation: 0x10, importance: 0x12 } as const

/** Subsystem numbers (Q.713 §3.4.2.2, TS 23.003 §8.2). */
export const Ssn = {
  management: 1,
  map: 5,
  hlr: 6,
  vlr: 7,
  msc: 8,
  eir: 9,
  auc: 10,
  gmlc: 145,
  cap: 146,
  gsmScf: 147,
  sgsn: 149,
  ggsn: 150,
} as const

/** Return causes (Q.713 §3.12). */
export const ReturnCause = {
  noTranslationOfNature: 0,
  noTranslationOfAddress: 1,
  subsystemCongestion: 2,
  subsystemFailure: 3,
  unequippedUser: 4,
  mtpFailure: 5,
  networkCongestion: 6,
  unqualified: 7,
  errorInMessageTransport: 8,
  errorInLocalProcessing: 9,
  noReassemblyAtDestination: 10,
  sccpFailure: 11,
  hopCounterViolation: 12,
  segmentationNotSupported: 13,
  segmentationFailure: 14,
} as const
export type ReturnCause = (typeof ReturnCause)[keyof typeof ReturnCause]

/** Segmentation parameter (Q.713 §3.17). */
export interface Segmentation {
  readonly first: boolean
  /** The class the user asked for; segments themselves travel in class 1. */
  readonly userClass: 0 | 1
  /** Segments still to come, 0 to 15. */
  readonly remaining: number
  /** 24 bits. */
  readonly localReference: number
}

/** An optional parameter this library does not know, kept as received. */
export interface RawParameter {
  readonly name: number
  readonly value: Uint8Array
}

interface Common {
  readonly called: SccpAddress
  readonly calling: SccpAddress
  readonly data: Uint8Array
  /** XUDT and longer: 1 to 15. */
  readonly hopCounter?: number
  readonly segmentation?: Segmentation
  /** 0 to 7. */
  readonly importance?: number
  readonly unknown?: readonly RawParameter[]
}

/** UDT, XUDT, LUDT (Q.713 §4.10, §4.18, §4.20). */
export interface UnitData extends Common {
  readonly type: 'UDT' | 'XUDT' | 'LUDT'
  readonly protocolClass: 0 | 1
  readonly returnOnError: boolean
}

/** UDTS, XUDTS, LUDTS (Q.713 §4.11, §4.19, §4.21): the data of a message that could not be delivered. */
export interface UnitDataService extends Common {
  readonly type: 'UDTS' | 'XUDTS' | 'LUDTS'
  /** See `ReturnCause`; values of the future stay numbers. */
  readonly returnCause: number
}

export type SccpMessage = UnitData | UnitDataService

import type { Language } from './gsm7/tables.ts'

/** Name that every error of this package carries. */
export const PROTOCOL = 'SMS'

/** Type of number, bits 6-4 of the type-of-address octet (TS 23.040 §9.1.2.5). */
export const TypeOfNumber = {
  unknown: 0,
  international: 1,
  national: 2,
  networkSpecific: 3,
  subscriber: 4,
  alphanumeric: 5,
  abbreviated: 6,
  reserved: 7,
} as const
export type TypeOfNumber = (typeof TypeOfNumber)[keyof typeof TypeOfNumber]

/** Numbering plan identification, bits 3-0 of the type-of-address octet (TS 23.040 §9.1.2.5). */
export const NumberingPlan = {
  unknown: 0,
  e164: 1,
  x121: 3,
  telex: 4,
  serviceCentreSpecific: 5,
  national: 8,
  private: 9,
  ermes: 10,
} as const

/** Digits `0-9 * # a b c` without `+`, at most 20. An empty string is the empty address. */
export interface NumericAddress {
  readonly kind: 'numeric'
  readonly ton: TypeOfNumber
  /** 0-15; `NumberingPlan` names the assigned values. */
  readonly npi: number
  readonly digits: string
}

/** At most 11 characters of the default alphabet, without its extension table. */
export interface AlphanumericAddress {
  readonly kind: 'alphanumeric'
  readonly text: string
  /** 0 unless the sender wrote something else. */
  readonly npi?: number
}

/** TP-OA, TP-DA or TP-RA (TS 23.040 §9.1.2.5). */
export type Address = NumericAddress | AlphanumericAddress

/** TP-SCTS: an instant, and the service centre's difference to UTC, a multiple of 15 minutes. */
export interface ServiceCentreTime {
  /** Milliseconds since 1970-01-01 UTC; the wire keeps whole seconds. */
  readonly epochMs: number
  /** Minutes east of UTC, -1185 to 1185. */
  readonly offsetMinutes: number
}

/** One element of the user data header, unread (TS 23.040 §9.2.3.24). */
export interface InformationElement {
  readonly id: number
  readonly data: Uint8Array
}

/** Concatenation, from element 00 (8 bit reference) or 08 (16 bit). `sequence` counts from 1. */
export interface Concatenation {
  readonly bits: 8 | 16
  readonly reference: number
  readonly total: number
  readonly sequence: number
}

/** Application ports, from element 04 (8 bit) or 05 (16 bit). */
export interface ApplicationPorts {
  readonly bits: 8 | 16
  readonly destination: number
  readonly originator: number
}

/** Text in septets. `septets` (one an octet) wins over `text` when encoding; decoding gives both. */
export interface Gsm7Content {
  readonly alphabet: 'gsm7'
  readonly text: string
  readonly septets?: Uint8Array
}

/** Text in UTF-16 big endian code units. */
export interface Ucs2Content {
  readonly alphabet: 'ucs2'
  readonly text: string
}

/** Octets that are no text: 8 bit data, or compressed text. */
export interface DataContent {
  readonly alphabet: 'data'
  readonly octets: Uint8Array
}

export type Content = Gsm7Content | Ucs2Content | DataContent
export type Alphabet = Content['alphabet']

/** TP-UD with its header. `header` present means TP-UDHI = 1, even when it is empty. */
export interface UserData {
  readonly header?: readonly InformationElement[]
  readonly content: Content
}

/** SMS-DELIVER, service centre to phone (TS 23.040 §9.2.2.1). */
export interface SmsDeliver {
  /** True: more messages are waiting, TP-MMS = 0 on the wire. */
  readonly moreMessages: boolean
  /** TP-LP. */
  readonly loopPrevention: boolean
  /** TP-SRI. */
  readonly statusReportIndication: boolean
  /** TP-RP. */
  readonly replyPath: boolean
  readonly originator: Address
  readonly pid: number
  readonly dcs: number
  readonly serviceCentreTime: ServiceCentreTime
  readonly userData: UserData
}

/** Which of its two forms a report has; the carrier tells it (RP-ACK or RP-ERROR and their MAP and SGd kin). */
export type DeliverReportForm = 'ack' | 'error'

/** SMS-DELIVER-REPORT, phone to service centre (TS 23.040 §9.2.2.1a). */
export interface SmsDeliverReport {
  readonly form: DeliverReportForm
  /** TP-FCS, error form only; undefined when the phone sent none. */
  readonly failureCause?: number
  readonly pid?: number
  readonly dcs?: number
  readonly userData?: UserData
  /** What followed reserved or extended TP-PI bits: kept, not understood. */
  readonly unknown?: Uint8Array
}

/** How text is put into septets or code units; 0 = no shift table. */
export type TextEncoding =
  | { readonly alphabet: 'gsm7'; readonly locking: Language; readonly single: Language }
  | { readonly alphabet: 'ucs2' }

/** 0 immediate display, 1 stored in the phone, 2 (U)SIM, 3 terminal equipment (TS 23.038 §4). */
export type MessageClass = 0 | 1 | 2 | 3

import type { Alphabet, MessageClass } from './messages.ts'

const WAITING_KINDS = ['voicemail', 'fax', 'email', 'other'] as const
const COMPRESSED = 0x20
const HAS_CLASS = 0x10
const AUTOMATIC_DELETION = 0x40

/** TP-DCS read (TS 23.038 §4). */
export interface DataCodingScheme {
  /** How to read TP-UD; compressed text is `data`. */
  readonly alphabet: Alphabet
  readonly compressed: boolean
  /** Delete after reading. */
  readonly automaticDeletion: boolean
  readonly messageClass?: MessageClass
  readonly messageWaiting?: {
    readonly kind: (typeof WAITING_KINDS)[number]
    readonly active: boolean
    /** False: the phone discards the text. */
    readonly store: boolean
  }
  /** True for a reserved value, read as the standard says (as 00, or with its reserved bits ignored). */
  readonly reserved: boolean
}

/** Reads any TP-DCS; all 256 values have a meaning or a prescribed fallback. */
export function readDataCoding(dcs: number): DataCodingScheme {
  const group = (dcs >> 4) & 0xf
  if (group < 0x8) return readGeneral(dcs)
  if (group < 0xc) return { alphabet: 'gsm7', compressed: false, automaticDeletion: false, reserved: true }
  if (group < 0xf) return readMessageWaiting(dcs, group)
  return {
    alphabet: dcs & 0x4 ? 'data' : 'gsm7',
    compressed: false,
    automaticDeletion: false,
    messageClass: (dcs & 0x3) as MessageClass,
    reserved: (dcs & 0x8) !== 0,
  }
}

/** TP-DCS of the general coding group for an alphabet, with class and deletion mark if wanted. */
export function dataCodingFor(
  alphabet: Alphabet,
  messageClass?: MessageClass,
  automaticDeletion = false,
): number {
  const base = alphabet === 'gsm7' ? 0x00 : alphabet === 'data' ? 0x04 : 0x08
  const withClass = messageClass === undefined ? base : base | HAS_CLASS | messageClass
  return automaticDeletion ? withClass | AUTOMATIC_DELETION : withClass
}

/** Alphabet alone, without building the description: what every encode and decode asks. */
export function alphabetOf(dcs: number): Alphabet {
  if (dcs === 0) return 'gsm7'
  if (dcs === 8) return 'ucs2'
  return readDataCoding(dcs).alphabet
}

function readGeneral(dcs: number): DataCodingScheme {
  const compressed = (dcs & COMPRESSED) !== 0
  const code = (dcs >> 2) & 0x3
  const alphabet: Alphabet = code === 1 || compressed ? 'data' : code === 2 ? 'ucs2' : 'gsm7'
  const scheme = {
    alphabet,
    compressed,
    automaticDeletion: (dcs & AUTOMATIC_DELETION) !== 0,
    reserved: code === 3,
  }
  return dcs & HAS_CLASS ? { ...scheme, messageClass: (dcs & 0x3) as MessageClass } : scheme
}

function readMessageWaiting(dcs: number, group: number): DataCodingScheme {
  const kind = WAITING_KINDS[dcs & 0x3] as (typeof WAITING_KINDS)[number]
  return {
    alphabet: group === 0xe ? 'ucs2' : 'gsm7',
    compressed: false,
    automaticDeletion: false,
    messageWaiting: { kind, active: (dcs & 0x8) !== 0, store: group !== 0xc },
    reserved: (dcs & 0x4) !== 0,
  }
}

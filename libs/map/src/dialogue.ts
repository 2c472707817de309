import { BerReader, BerWriter } from '@ipsmgw/bytes'
import type { External } from '@ipsmgw/tcap'
import { PROTOCOL } from './messages.ts'
import { SEQUENCE } from './parameters.ts'
import { alternative, choice, mandatory, optional, sequence } from './sequence.ts'
import { address, flag, integer, oid, opaque, type Type, type ValueOf } from './types.ts'

const ENUMERATED = 0x0a
const OID = 0x06

/** Abstract syntax of the MAP dialogue PDUs (TS 29.002 §17.4). */
export const MAP_DIALOGUE_AS = '0.4.0.0.1.1.1.1'

interface PduRow {
  readonly tag: number
  // biome-ignore lint/suspicious/noExplicitAny: each PDU has its own content
  readonly content: Type<any>
}

/** MAP dialogue PDUs, the user information of the dialogue portion (TS 29.002 §17.4). */
export const DIALOGUE_PDUS = {
  open: {
    tag: 0xa0,
    content: sequence({
      /** The IMSI of a message that is addressed by LMSI. */
      destinationReference: optional(0x80, address, 1),
      originatingReference: optional(0x81, address, 1),
      extensionContainer: optional(SEQUENCE, opaque),
    }),
  },
  accept: { tag: 0xa1, content: sequence({ extensionContainer: optional(SEQUENCE, opaque) }) },
  close: { tag: 0xa2, content: sequence({ extensionContainer: optional(SEQUENCE, opaque) }) },
  refuse: {
    tag: 0xa3,
    content: sequence({
      /** 0 no reason given, 1 invalid destination reference, 2 invalid originating reference. */
      reason: mandatory(ENUMERATED, integer),
      extensionContainer: optional(SEQUENCE, opaque),
      alternativeApplicationContext: optional(OID, oid),
    }),
  },
  userAbort: {
    tag: 0xa4,
    content: sequence({
      choice: choice({
        userSpecificReason: alternative(0x80, flag),
        userResourceLimitation: alternative(0x81, flag),
        /** 0 short term, 1 long term. */
        resourceUnavailable: alternative(0x82, integer),
        /** See `ProcedureCancellation`. */
        applicationProcedureCancellation: alternative(0x83, integer),
      }),
      extensionContainer: optional(SEQUENCE, opaque),
    }),
  },
  providerAbort: {
    tag: 0xa5,
    content: sequence({
      /** 0 abnormal dialogue, 1 invalid PDU. */
      reason: mandatory(ENUMERATED, integer),
      extensionContainer: optional(SEQUENCE, opaque),
    }),
  },
} as const satisfies Record<string, PduRow>
type PduName = keyof typeof DIALOGUE_PDUS

export type DialoguePdu = {
  readonly [N in PduName]: { readonly pdu: N } & ValueOf<(typeof DIALOGUE_PDUS)[N]['content']>
}[PduName]

/** Reasons of applicationProcedureCancellation. */
export const ProcedureCancellation = {
  handoverCancellation: 0,
  radioChannelRelease: 1,
  networkPathRelease: 2,
  callRelease: 3,
  associatedProcedureFailure: 4,
  tandemDialogueRelease: 5,
  remoteOperationsFailure: 6,
} as const

/** The MAP PDU among the user information; undefined when there is none. Throws `DecodeError`. */
export function decodeDialoguePdu(userInformation: readonly External[] | undefined): DialoguePdu | undefined {
  const external = userInformation?.find(({ syntax }) => syntax === MAP_DIALOGUE_AS)
  if (external === undefined) return undefined
  const reader = new BerReader(external.value, PROTOCOL)
  const tag = reader.peek()
  for (const [pdu, row] of Object.entries(DIALOGUE_PDUS))
    if (row.tag === tag) return { pdu, ...(row.content as Type<object>).decode(reader, pdu) } as DialoguePdu
  return reader.fail('map-DialoguePDU', 'invalid', `tag ${tag}`)
}

export function encodeDialoguePdu({ pdu, ...content }: DialoguePdu): readonly External[] {
  const writer = new BerWriter(PROTOCOL, 32)
  const { tag, content: type } = DIALOGUE_PDUS[pdu]
  ;(type as Type<object>).encode(writer, tag, content, 3)
  return [{ syntax: MAP_DIALOGUE_AS, value: writer.finish() }]
}

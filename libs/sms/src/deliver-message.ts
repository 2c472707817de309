import { dataCodingFor } from './data-coding.ts'
import { encodeDeliver } from './deliver.ts'
import type { Address, MessageClass, ServiceCentreTime, TextEncoding } from './messages.ts'
import { type PrepareOptions, prepareData, prepareText, type UnpreparedMessage } from './prepare.ts'

/** A message and the fields that all its parts share. */
export interface DeliverMessageInput extends PrepareOptions {
  readonly originator: Address
  readonly serviceCentreTime: ServiceCentreTime
  /** Text, or octets of 8 bit data. */
  readonly content: string | Uint8Array
  /** Default 0. */
  readonly pid?: number
  readonly messageClass?: MessageClass
  /** Ask the phone to delete the message after reading. Default false. */
  readonly automaticDeletion?: boolean
  /** This TP-DCS instead of the one that encoding, class and deletion mark give; its alphabet must be the same. */
  readonly dcs?: number
  /** TP-RP. Default false. */
  readonly replyPath?: boolean
  /** TP-SRI. Default false. */
  readonly statusReportIndication?: boolean
  /** TP-LP. Default false. */
  readonly loopPrevention?: boolean
  /** Another message follows the last part: TP-MMS 0 there too. Default false. */
  readonly moreMessagesAfterLast?: boolean
}

/** The SMS-DELIVERs of one message, in order. */
export interface EncodedMessage {
  readonly ok: true
  readonly tpdus: readonly Buffer[]
  /** Undefined for data. */
  readonly encoding: TextEncoding | undefined
  readonly dcs: number
}

/**
 * One message as SMS-DELIVERs: encoding chosen, split, numbered, TP-MMS 0 in every part but the last. The same
 * input gives the same octets. Throws `EncodeError` for fields that have no wire form.
 */
export function encodeDeliverMessage(input: DeliverMessageInput): EncodedMessage | UnpreparedMessage {
  const { content } = input
  const prepared = typeof content === 'string' ? prepareText(content, input) : prepareData(content, input)
  if (!prepared.ok) return prepared
  const alphabet = prepared.encoding?.alphabet ?? 'data'
  const dcs = input.dcs ?? dataCodingFor(alphabet, input.messageClass, input.automaticDeletion)
  const last = prepared.parts.length - 1
  const tpdus = prepared.parts.map((userData, index) =>
    encodeDeliver({
      moreMessages: index < last || input.moreMessagesAfterLast === true,
      loopPrevention: input.loopPrevention ?? false,
      statusReportIndication: input.statusReportIndication ?? false,
      replyPath: input.replyPath ?? false,
      originator: input.originator,
      pid: input.pid ?? 0,
      dcs,
      serviceCentreTime: input.serviceCentreTime,
      userData,
    }),
  )
  return { ok: true, tpdus, encoding: prepared.encoding, dcs }
}

import type { SendRefusal } from '@ipsmgw/m3ua'
import type { SccpAddress } from './address.ts'

/** N-UNITDATA request (Q.711 §6.2.2). */
export interface UnitDataRequest {
  readonly called: SccpAddress
  readonly calling: SccpAddress
  readonly data: Uint8Array
  /**
   * One value keeps its order and its path (class 1), for instance derived from the transaction id; without it the
   * message is class 0 and spread.
   */
  readonly sequenceControl?: number
  /** Ask for a UDTS when the network cannot deliver. Default true. */
  readonly returnOnError?: boolean
  /** 0 to 7; makes the message an XUDT. */
  readonly importance?: number
  /** Held back first when the destination is congested. */
  readonly startsDialogue?: boolean
  /** Send there whatever the routing says: an answer to a node that named itself only by its point code. */
  readonly pointCode?: number
}

/** N-UNITDATA indication. */
export interface UnitDataIndication {
  readonly called: SccpAddress
  readonly calling: SccpAddress
  readonly data: Uint8Array
  readonly protocolClass: 0 | 1
  /** Node the message came from, the sender or the STP before us; undefined where the lower layer has no point codes. */
  readonly originPointCode: number | undefined
  readonly importance?: number
}

/** N-NOTICE indication: a message of ours came back. */
export interface NoticeIndication {
  /** As the service message names them: `called` is our own address. */
  readonly called: SccpAddress
  readonly calling: SccpAddress
  /** The returned data; of a segmented message the first part only. */
  readonly data: Uint8Array
  /** See `ReturnCause`. */
  readonly returnCause: number
}

/** Why a request was not sent. Nothing left: another path or peer may be tried at once. */
export type UnitDataRefusal =
  | SendRefusal
  | 'noTranslation' // no route for the called address
  | 'subsystemProhibited' // SSP
  | 'noSegmentation' // too long for a UDT and XUDT segmentation is off

export type UnitDataResult =
  | { readonly sent: true }
  | { readonly sent: false; readonly reason: UnitDataRefusal; readonly returnCause: number }

/** A user of the SCCP, known by its subsystem number: the TCAP. */
export interface SccpUser {
  onUnitData(indication: UnitDataIndication): void
  onNotice(notice: NoticeIndication): void
}

/** The connectionless SCCP as TCAP sees it. */
export interface SccpService {
  send(request: UnitDataRequest): UnitDataResult
  /** Makes the subsystem available. Returns a function that takes it away. */
  bind(ssn: number, user: SccpUser): () => void
  /** Most data octets that fit one UDT between these addresses (268 octets of SCCP message by default). */
  unitDataLimit(called: SccpAddress, calling: SccpAddress): number
  readonly active: boolean
}

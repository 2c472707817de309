/** What a TP-FCS says about the delivery. */
export type FailureOutcome =
  /** Sending the same again will fail again. */
  | 'permanent'
  | 'temporary'
  /** Temporary: no room for messages in the phone. */
  | 'memoryFull'
  /** The phone has it already. */
  | 'delivered'
  /** Defined for the other direction or for commands only; a phone has no business sending it. */
  | 'notMobileTerminated'

export interface FailureCause {
  readonly code: number
  readonly name: string
  readonly outcome: FailureOutcome
}

const UNSPECIFIED = 0xff
const APPLICATION_SPECIFIC = 0xe0

type Row = readonly [name: string, outcome: FailureOutcome]

/** TP-FCS (TS 23.040 §9.2.3.22). */
const FAILURE_CAUSES: Readonly<Record<number, Row>> = {
  128: ['telematicInterworkingNotSupported', 'permanent'],
  129: ['shortMessageType0NotSupported', 'permanent'],
  130: ['cannotReplaceShortMessage', 'permanent'],
  143: ['unspecifiedPidError', 'permanent'],
  144: ['alphabetNotSupported', 'permanent'],
  145: ['messageClassNotSupported', 'permanent'],
  159: ['unspecifiedDcsError', 'permanent'],
  160: ['commandCannotBeActioned', 'notMobileTerminated'],
  161: ['commandUnsupported', 'notMobileTerminated'],
  175: ['unspecifiedCommandError', 'notMobileTerminated'],
  176: ['tpduNotSupported', 'permanent'],
  192: ['scBusy', 'notMobileTerminated'],
  193: ['noScSubscription', 'notMobileTerminated'],
  194: ['scSystemFailure', 'notMobileTerminated'],
  195: ['invalidSmeAddress', 'notMobileTerminated'],
  196: ['destinationSmeBarred', 'notMobileTerminated'],
  197: ['smRejectedDuplicate', 'delivered'],
  198: ['validityPeriodFormatNotSupported', 'notMobileTerminated'],
  199: ['validityPeriodNotSupported', 'notMobileTerminated'],
  208: ['simStorageFull', 'memoryFull'],
  209: ['noStorageCapabilityInSim', 'permanent'],
  210: ['errorInMs', 'temporary'],
  211: ['memoryCapacityExceeded', 'memoryFull'],
  212: ['simToolkitBusy', 'temporary'],
  213: ['simDataDownloadError', 'permanent'],
  255: ['unspecifiedErrorCause', 'temporary'],
}

/** Reads any TP-FCS; reserved values count as FF. */
export function readFailureCause(code: number): FailureCause {
  const row = FAILURE_CAUSES[code]
  if (row !== undefined) return { code, name: row[0], outcome: row[1] }
  if (code >= APPLICATION_SPECIFIC && code < UNSPECIFIED)
    return { code, name: 'applicationSpecific', outcome: 'permanent' }
  return { code, name: 'reserved', outcome: 'temporary' }
}

import type { Cause } from '@ipsmgw/causes'
import { readDeliverReport, readFailureCause } from '@ipsmgw/sms'

/** What the phone itself said about a part. It saw the part, so whatever it says is certain. */
export type PhoneRefusal =
  /** It has the part already. */
  | { readonly kind: 'delivered'; readonly detail: string }
  | { readonly kind: 'refused'; readonly cause?: Cause; readonly detail: string }

/** TP-FCS has bit 7 set (TS 23.040 §9.2.3.22). */
const FCS_MARK = 0x80

/**
 * Reads the diagnostic of a failed delivery: the SMS-DELIVER-REPORT of the phone, if it is one. Undefined when there
 * is no TP-FCS: then nobody knows whether the phone has seen the part.
 */
export function readPhoneRefusal(diagnostic: Uint8Array | undefined): PhoneRefusal | undefined {
  if (diagnostic === undefined) return undefined
  const { failureCause } = readDeliverReport(diagnostic, 'error').report
  if (failureCause === undefined || (failureCause & FCS_MARK) === 0) return undefined
  const { name, outcome } = readFailureCause(failureCause)
  const detail = `TP-FCS ${failureCause.toString(16)} ${name}`
  if (outcome === 'delivered') return { kind: 'delivered', detail }
  return { kind: 'refused', ...(outcome === 'memoryFull' && { cause: 'memoryCapacityExceeded' }), detail }
}

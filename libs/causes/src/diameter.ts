import type { Cause } from './table.ts'

/** A Diameter result as it stands in an answer: Vendor-Id 0 for Result-Code, 10415 for Experimental-Result. */
export interface DiameterResult {
  readonly vendorId: number
  readonly code: number
  /** SM-Enumerated-Delivery-Failure-Cause, TS 29.338 §7.3.19. */
  readonly deliveryFailureCause?: number
}

const THREE_GPP = 10415

type Codes = Readonly<Record<number, Cause>>

/** Experimental results of S6c and SGd, TS 29.338 §7.3.1; 5001 and 5555 depend on the application. */
const SMS_RESULTS: Codes = {
  5550: 'absentSubscriber',
  5551: 'subscriberBusyForMtSms',
  5552: 'facilityNotSupported',
  5553: 'illegalSubscriber',
  5554: 'illegalEquipment',
  5556: 'teleserviceNotProvisioned',
  5557: 'callBarred',
}

/** SM-Enumerated-Delivery-Failure-Cause; MAP's sm-EnumeratedDeliveryFailureCause has the same numbers. */
export const DELIVERY_FAILURE_CAUSES: Codes = {
  0: 'memoryCapacityExceeded',
  1: 'equipmentProtocolError',
  2: 'equipmentNotSmEquipped',
  3: 'unknownServiceCentre',
  4: 'scCongestion',
  5: 'invalidSmeAddress',
  6: 'subscriberNotScSubscriber',
}

/** Base results that say our request is at fault. */
const DEFECTS = new Set([3001, 3007, 3008, 3009, 5001, 5004, 5005, 5007, 5008, 5009, 5011, 5014, 5015])

/** SRA: why there is no routing. Nothing was forwarded, so every cause is certain. */
export function causeOfRouting(result: DiameterResult): Cause {
  if (result.vendorId === THREE_GPP) {
    if (result.code === 5001) return 'unknownSubscriber'
    return SMS_RESULTS[result.code] ?? byClass(result.code, 'routingFailed')
  }
  if (result.code === 3004) return 'routingCongested'
  if (result.code === 3002) return 'routingNoAnswer'
  return byClass(result.code, 'routingFailed')
}

/** TFA: what became of one part. */
export function causeOfForward(result: DiameterResult): Cause {
  if (result.vendorId === THREE_GPP) {
    if (result.code === 5001) return 'unidentifiedSubscriber'
    if (result.code === 5555)
      return DELIVERY_FAILURE_CAUSES[result.deliveryFailureCause ?? 1] ?? 'equipmentProtocolError'
    return SMS_RESULTS[result.code] ?? byClass(result.code, 'systemFailure')
  }
  // An agent says 3002 and 3004 also about requests it did forward: no proof (design: rule 6).
  if (result.code === 3002 || result.code === 3004) return 'outcomeUnknown'
  return byClass(result.code, 'systemFailure')
}

/** UDA: why the service data of the recipient are not known. Authorisation then fails closed. */
export function causeOfServiceData(result: DiameterResult): Cause {
  if (result.vendorId === THREE_GPP) {
    if (result.code === 5001) return 'unknownSubscriber'
    if (result.code === 4100 || result.code === 4101) return 'serviceDataUnavailable'
    return 'serviceDataRefused'
  }
  return DEFECTS.has(result.code) ? 'protocolDefect' : 'serviceDataUnavailable'
}

function byClass(code: number, temporary: Cause): Cause {
  return DEFECTS.has(code) ? 'protocolDefect' : temporary
}

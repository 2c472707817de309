import { VENDOR_3GPP } from './dictionary/applications.ts'
import type { ExperimentalResult, ResultCode } from './dictionary/results.ts'
import { value } from './fields.ts'
import type { DiameterMessage } from './messages.ts'

/** How an answer ends: Vendor-Id 0 for Result-Code, that of Experimental-Result otherwise. Decide by both. */
export interface DiameterResult {
  readonly vendorId: number
  readonly code: number
}

/** The result of an answer; undefined when it has none, which makes it malformed. Throws `AvpError`. */
export function resultOf(answer: DiameterMessage): DiameterResult | undefined {
  const code = value(answer, 'Result-Code')
  if (code !== undefined) return { vendorId: 0, code }
  const experimental = value(answer, 'Experimental-Result')
  if (experimental === undefined) return undefined
  const { 'Vendor-Id': vendorId, 'Experimental-Result-Code': experimentalCode } = experimental
  if (vendorId === undefined || experimentalCode === undefined) return undefined
  return { vendorId, code: experimentalCode }
}

/** DIAMETER_SUCCESS and every other code of the 2xxx class. */
export function isSuccess(result: DiameterResult): boolean {
  return Math.floor(result.code / 1000) === 2
}

/** Members of an answer that say how it ends, by Result-Code. */
export function result(code: (typeof ResultCode)[keyof typeof ResultCode]): { 'Result-Code': number } {
  return { 'Result-Code': code }
}

/** Members of an answer that say how it ends, by a code of 3GPP. */
export function experimentalResult(code: (typeof ExperimentalResult)[keyof typeof ExperimentalResult]): {
  'Experimental-Result': { 'Vendor-Id': number; 'Experimental-Result-Code': number }
} {
  return { 'Experimental-Result': { 'Vendor-Id': VENDOR_3GPP, 'Experimental-Result-Code': code } }
}

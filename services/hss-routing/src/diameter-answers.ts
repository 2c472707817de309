import { DecodeError } from '@ipsmgw/bytes'
import type { Cause } from '@ipsmgw/causes'
import { type SendResult, value } from '@ipsmgw/diameter'
import type { Refusal } from './router.ts'

export type Answer = Extract<SendResult, { kind: 'answer' }>

export function refusal(cause: Cause, detail?: string): Refusal {
  return { kind: 'refused', cause, ...(detail !== undefined && { detail }) }
}

/** What an answer holds may be malformed: then the cause is ours to give, the place is named. */
export function reading<T>(cause: Cause, read: () => T): T | Refusal {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
    return refusal(cause, error.message)
  }
}

/** The result, and who said so where that was not the server. */
export function resultText({ result, message }: Answer): string {
  const reporter = value(message, 'Error-Reporting-Host')
  const code = result.vendorId === 0 ? `${result.code}` : `${result.vendorId}:${result.code}`
  return `Diameter ${code}${reporter === undefined ? '' : ` from ${reporter}`}`
}

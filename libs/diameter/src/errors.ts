import { DecodeError, type DecodeReason } from '@ipsmgw/bytes'
import { ResultCode } from './dictionary/results.ts'
import type { Avp } from './messages.ts'

export const PROTOCOL = 'Diameter'

/**
 * An AVP that does not follow its standard. Besides place and reason it knows how a request that holds it is
 * answered: Result-Code, and the AVP that goes into Failed-AVP (RFC 6733 §7.5), inside its groups.
 */
export class AvpError extends DecodeError {
  readonly resultCode: number
  readonly failedAvp: Avp | undefined

  constructor(
    path: string,
    offset: number,
    reason: DecodeReason,
    fault: { readonly resultCode: number; readonly failedAvp?: Avp | undefined; readonly detail?: string },
  ) {
    super(PROTOCOL, path, offset, reason, fault.detail)
    this.resultCode = fault.resultCode
    this.failedAvp = fault.failedAvp
  }
}

/** The Result-Code that answers a request in which this fault was found. */
export function resultCodeOf(error: DecodeError): number {
  if (error instanceof AvpError) return error.resultCode
  if (error.path === 'version') return ResultCode.UNSUPPORTED_VERSION
  return error.path === 'length' ? ResultCode.INVALID_MESSAGE_LENGTH : ResultCode.UNABLE_TO_COMPLY
}

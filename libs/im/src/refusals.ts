import type { BodyFault, BodyOptions, RefusedBody } from './messages.ts'

const ACCEPTED_TYPES = 'text/plain, message/cpim, multipart/mixed, multipart/alternative'
const MAX_WARNING_CHARACTERS = 120

/** A refusal; the warning is cut down to what a quoted string of a header may hold. */
export function refuse(
  status: RefusedBody['status'],
  reason: BodyFault,
  warning: string,
  extra: Pick<RefusedBody, 'accept' | 'acceptEncoding'> = {},
): RefusedBody {
  return { ok: false, status, reason, warning: quotable(warning), ...extra }
}

/** 415 with what would be accepted instead (RFC 3261 §21.4.13). */
export function refuseType(reason: BodyFault, warning: string, options: BodyOptions): RefusedBody {
  return refuse(415, reason, warning, { accept: acceptedTypes(options) })
}

/** Value of Accept under these options. */
export function acceptedTypes(options: BodyOptions = {}): string {
  let types = ACCEPTED_TYPES
  if (options.html === 'strip') types += ', text/html'
  if (options.rcsXml === 'link')
    types += ', application/vnd.gsma.rcs-ft-http+xml, application/vnd.gsma.rcspushlocation+xml'
  return types
}

/** Sender-controlled names reach a header of the answer: nothing but harmless ASCII passes. */
function quotable(text: string): string {
  return text.replaceAll(/[^ !#-[\]-~]/g, '?').slice(0, MAX_WARNING_CHARACTERS)
}

import type { SipRequest } from './message.ts'
import { type HeaderEntry, KNOWN_METHODS } from './messages.ts'

/** A refusal that RFC 3261 §8.2 prescribes. */
export interface UasRefusal {
  readonly status: number
  readonly headers: readonly HeaderEntry[]
}

/** §8.2.1: 405 or 501, both with Allow, when the method is not among `allow`. */
export function methodRefusal(request: SipRequest, allow: readonly string[]): UasRefusal | undefined {
  if (allow.includes(request.method)) return undefined
  const status = KNOWN_METHODS.includes(request.method) ? 405 : 501
  return { status, headers: [['Allow', allow.join(', ')]] }
}

/** §8.2.2.1: 416 when the Request-URI is neither sip, sips nor tel. */
export function schemeRefusal(request: SipRequest): UasRefusal | undefined {
  return request.uri.kind === 'other' ? { status: 416, headers: [] } : undefined
}

/** §12.2.2: 481 for a To-tag when there can be no dialog. */
export function dialogRefusal(request: SipRequest): UasRefusal | undefined {
  return request.to.params.has('tag') ? { status: 481, headers: [] } : undefined
}

/** §8.2.2.3: 420 with Unsupported when something is required that is not among `supported`; never for CANCEL. */
export function extensionRefusal(request: SipRequest, supported: readonly string[]): UasRefusal | undefined {
  const missing = request.require.filter((tag) => !supported.includes(tag.toLowerCase()))
  if (missing.length === 0) return undefined
  return { status: 420, headers: [['Unsupported', missing.join(', ')]] }
}

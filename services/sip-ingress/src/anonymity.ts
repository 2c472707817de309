import type { SipRequest } from '@ipsmgw/sip'

/** Privacy values that hide the sender (RFC 5079, RFC 5379, 3GPP OIR). */
const HIDING = new Set(['id', 'user', 'header'])
/** All values that are known; `critical` with another one cannot be honoured. */
const KNOWN = new Set(['id', 'user', 'header', 'session', 'history', 'none', 'critical'])

/** Whether the sender asked to be hidden, and by which sign. */
export type Anonymity =
  | { readonly kind: 'none' }
  | { readonly kind: 'requested'; readonly signal: string }
  /** `critical` with a value that is unknown here: it cannot be honoured (RFC 3323 §4.2). */
  | { readonly kind: 'unhonourable' }

/**
 * Reads SIP headers only: a CPIM From of `sip:anonymous@anonymous.invalid` is how CPM always looks and says nothing.
 * A missing P-Asserted-Identity is no request either (RFC 5079 §3).
 */
export function anonymityOf(request: SipRequest): Anonymity {
  const values = request.privacy
  if (values.includes('critical') && values.some((value) => !KNOWN.has(value)))
    return { kind: 'unhonourable' }
  const hiding = values.find((value) => HIDING.has(value))
  if (hiding !== undefined) return { kind: 'requested', signal: `Privacy: ${hiding}` }
  if (values.includes('none')) {
    // Alone it says "do not hide"; with others it contradicts them, and hiding is the safe reading.
    return values.length === 1 ? { kind: 'none' } : { kind: 'requested', signal: 'Privacy: none with others' }
  }
  if (values.length === 1 && values[0] === 'critical')
    return { kind: 'requested', signal: 'Privacy: critical alone' }
  return anonymousFrom(request)
}

function anonymousFrom(request: SipRequest): Anonymity {
  const { from } = request
  const { uri } = from
  if (uri.kind === 'sip') {
    if (uri.host.toLowerCase() === 'anonymous.invalid') return { kind: 'requested', signal: 'From host' }
    if (uri.user?.toLowerCase() === 'anonymous') return { kind: 'requested', signal: 'From user' }
  }
  if (from.displayName?.toLowerCase() === 'anonymous')
    return { kind: 'requested', signal: 'From display name' }
  return { kind: 'none' }
}

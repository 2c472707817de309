/** What a URI says about a subscriber number. */
export type UriNumber =
  /** A global number, `+` and 5 to 15 digits (E.164), visual separators gone. */
  | { readonly kind: 'global'; readonly number: string; readonly portability?: string }
  /** A local number; only a dial-plan rule for its context makes a global one of it (RFC 3966 §5.1.5). */
  | { readonly kind: 'local'; readonly digits: string; readonly context: string | undefined }
  /** An identity without a number: ask the HSS. */
  | { readonly kind: 'name'; readonly user: string; readonly host: string }
  /** Not a subscriber's own number, or malformed; `fault` says which. */
  | {
      readonly kind: 'unusable'
      readonly fault: 'scheme' | 'not-a-subscriber' | 'malformed' | 'mandatory-parameter'
    }

export interface NumberOptions {
  /** Is this host one of ours? A number before a foreign host counts only if `trustForeignHosts`. */
  isOwnHost(host: string): boolean
  readonly trustForeignHosts: boolean
}

const GLOBAL = /^\+[1-9][0-9]{4,14}$/
const LOCAL = /^[0-9*#A-Fa-f]{1,20}$/

/**
 * Reads the number out of a SIP, SIPS or tel URI (docs/protocols/identities.md). The user part is percent-decoded
 * exactly once; parameters behind `;` in the user part belong to the number (RFC 3261 §19.1.6).
 */
export function numberFromUri(uri: string, options: NumberOptions): UriNumber {
  const colon = uri.indexOf(':')
  const scheme = uri.slice(0, colon).toLowerCase()
  const rest = uri.slice(colon + 1)
  if (scheme === 'tel') return fromTelephone(rest, undefined)
  if (scheme !== 'sip' && scheme !== 'sips') return { kind: 'unusable', fault: 'scheme' }
  return fromSip(rest, options)
}

function fromSip(rest: string, options: NumberOptions): UriNumber {
  const at = rest.lastIndexOf('@', end(rest))
  if (at === -1) return { kind: 'unusable', fault: 'malformed' }
  const user = decodeOnce(rest.slice(0, at).replace(/:[^;]*$/, ''))
  const hostPart = rest.slice(at + 1)
  const host = hostOf(hostPart)
  if (user === undefined || host === '') return { kind: 'unusable', fault: 'malformed' }
  if (/^anonymous\.invalid$/i.test(host)) return { kind: 'unusable', fault: 'not-a-subscriber' }
  const isPhone = /;user=phone(?:[;?]|$)/i.test(hostPart)
  const [subscriber = ''] = user.split(';')
  const looksGlobal = /^\+[0-9().-]+$/.test(subscriber)
  if (looksGlobal && (isPhone || options.isOwnHost(host) || options.trustForeignHosts))
    return fromTelephone(user, host)
  if (isPhone) return fromTelephone(user, host)
  if (/;phone-context=/i.test(user)) return fromTelephone(user, host)
  return { kind: 'name', user: subscriber, host }
}

/** A `?` may only begin the headers behind the host. */
function end(rest: string): number {
  const headers = rest.indexOf('?')
  return headers === -1 ? rest.length : headers
}

function hostOf(hostPart: string): string {
  const bare = hostPart.replace(/[;?].*$/s, '')
  const ipv6 = /^(\[[^\]]*\])/.exec(bare)
  return (ipv6?.[1] ?? bare.replace(/:.*$/, '')).toLowerCase()
}

/** RFC 3966: a number and its parameters. `host` is that of a SIP URI around it. */
function fromTelephone(text: string, host: string | undefined): UriNumber {
  const [subscriber = '', ...parameters] = text.split(';')
  const names = parameters.map((parameter) => (parameter.split('=')[0] ?? '').toLowerCase())
  if (names.some((name) => name.startsWith('m-'))) return { kind: 'unusable', fault: 'mandatory-parameter' }
  if (names.includes('ext') || names.includes('isub')) return { kind: 'unusable', fault: 'not-a-subscriber' }
  const digits = (host === undefined ? (decodeOnce(subscriber) ?? '') : subscriber).replace(/[-.()]/g, '')
  if (digits.startsWith('+')) {
    if (!GLOBAL.test(digits)) return { kind: 'unusable', fault: 'malformed' }
    const portability = parameters.filter((_, i) => ['npdi', 'rn', 'cic'].includes(names[i] ?? '')).join(';')
    return { kind: 'global', number: digits, ...(portability !== '' && { portability }) }
  }
  if (!LOCAL.test(digits)) return { kind: 'unusable', fault: 'malformed' }
  const context = parameters[names.indexOf('phone-context')]?.split('=')[1]
  return { kind: 'local', digits, context: context ?? host }
}

/** Percent-decoding, once and never twice (RFC 3986 §2.4); undefined when an escape is broken. */
function decodeOnce(text: string): string | undefined {
  if (!text.includes('%')) return text
  if (/%(?![0-9a-f]{2})/i.test(text)) return undefined
  return text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}

/** Digits of a local number that a dial-plan rule turns into a global one. */
export interface DialPlanRule {
  /** phone-context or host the rule is for. */
  readonly context: string
  /** Leading digits that are taken off. */
  readonly strip: string
  /** What is put in front, with `+`. */
  readonly prepend: string
}

/** Applies the first rule of the number's context; undefined when there is none, or no E.164 number comes out. */
export function dial(
  local: { digits: string; context: string | undefined },
  rules: readonly DialPlanRule[],
): string | undefined {
  const context = local.context?.toLowerCase()
  const rule = rules.find((r) => r.context.toLowerCase() === context && local.digits.startsWith(r.strip))
  if (rule === undefined) return undefined
  const number = rule.prepend + local.digits.slice(rule.strip.length)
  return GLOBAL.test(number) ? number : undefined
}

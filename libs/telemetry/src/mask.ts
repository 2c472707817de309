/**
 * Hides a subscriber number or IMSI: country code and network stay readable, the subscriber does not
 * (`+447900123456` → `+4479*******56`). Short codes keep only their length.
 */
export function maskNumber(number: string): string {
  const plus = number.startsWith('+') ? '+' : ''
  const digits = plus ? number.slice(1) : number
  if (digits.length <= 6) return plus + '*'.repeat(digits.length)
  return plus + digits.slice(0, 4) + '*'.repeat(digits.length - 6) + digits.slice(-2)
}

/** Hides the subscriber part of a SIP, SIPS or tel URI; the domain stays readable, parameters are dropped. */
export function maskUri(uri: string): string {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(uri)
  if (scheme === null) return '***'
  const rest = uri.slice(scheme[0].length)
  const at = rest.indexOf('@')
  const host = at === -1 ? '' : `@${rest.slice(at + 1).replace(/[;?>].*$/s, '')}`
  const user = (at === -1 ? rest : rest.slice(0, at)).replace(/;.*$/s, '').replace(/^%2b/i, '+')
  const digits = user.replace(/[-.()]/g, '')
  const masked = /^\+?\d+$/.test(digits) ? maskNumber(digits) : '***'
  return `${scheme[0]}${masked}${host}`
}

/** Five or more digits in a row look like a number of a person; free text is cut of them before it is logged. */
export function maskDigits(text: string): string {
  return text.replace(/\+?\d{5,}/g, (digits) => maskNumber(digits))
}

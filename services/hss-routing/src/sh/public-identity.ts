/**
 * A public identity in canonical form (TS 23.003 §13.4, TS 29.329 §6.3.2): scheme and host in lower case, without port,
 * parameters and headers, sips as sip; a tel URI without visual separators. What is neither stays as it is.
 */
export function publicIdentityOf(uri: string): string {
  const sip = /^sips?:([^@]*@)?([^;?:>]+)/i.exec(uri)
  if (sip !== null) {
    // Parameters in the user part belong to the number.
    const user = sip[1]?.replace(/[;:].*@$/s, '@') ?? ''
    return `sip:${user}${sip[2]?.toLowerCase()}`
  }
  const tel = /^tel:([^;?]+)/i.exec(uri)
  return tel === null ? uri : `tel:${tel[1]?.replace(/[-.()]/g, '')}`
}

/** Host of a SIP or SIPS URI, lower case; undefined for tel. */
export function domainOf(uri: string): string | undefined {
  return /^sips?:[^@]*@([^;?>:]+)/i.exec(uri)?.[1]?.toLowerCase()
}

/** A URI as lists name it: lower case, without parameters and headers, sips as sip. */
export function identityOf(uri: string): string {
  return uri
    .replace(/[;?].*$/s, '')
    .toLowerCase()
    .replace(/^sips:/, 'sip:')
}

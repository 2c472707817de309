import { createHash } from 'node:crypto'

/** Hash functions of RFC 8122 §5, the strongest first. MD5 and MD2 prove nothing and are not among them. */
const HASHES = ['sha-512', 'sha-384', 'sha-256', 'sha-224', 'sha-1'] as const
type HashName = (typeof HASHES)[number]

/** What a session description says of a certificate. */
export interface Fingerprint {
  readonly hash: HashName
  /** Upper-case hex pairs with colons. */
  readonly value: string
}

const OWN_HASH = 'sha-256'
const ATTRIBUTE = /^(sha-[0-9]{1,3}) ([0-9A-F]{2}(?::[0-9A-F]{2}){19,63})$/i

/** `a=fingerprint` (RFC 8122 §5); undefined for a hash function that proves nothing and for what is no fingerprint. */
export function decodeFingerprint(text: string): Fingerprint | undefined {
  const [, name = '', value = ''] = ATTRIBUTE.exec(text) ?? []
  const hash = HASHES.find((it) => it === name.toLowerCase())
  return hash === undefined ? undefined : { hash, value: value.toUpperCase() }
}

/** The attribute's value for an own certificate, DER. */
export function encodeFingerprint(certificate: Uint8Array): string {
  return `${OWN_HASH.toUpperCase()} ${digest(OWN_HASH, certificate)}`
}

/** Whether it is a certificate, DER, that was announced: by the strongest hash function that was used (RFC 8122 §5.1). */
export function isAnnounced(certificate: Uint8Array, announced: readonly Fingerprint[]): boolean {
  const strongest = HASHES.find((name) => announced.some(({ hash }) => hash === name))
  if (strongest === undefined) return false
  const own = digest(strongest, certificate)
  return announced.some(({ hash, value }) => hash === strongest && value === own)
}

function digest(hash: HashName, certificate: Uint8Array): string {
  const hex = createHash(hash.replace('-', '')).update(certificate).digest('hex').toUpperCase()
  return hex.replace(/(..)(?=.)/g, '$1:')
}

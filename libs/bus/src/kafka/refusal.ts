import type { KafkaSettings } from './config.ts'

/** Codes of OpenSSL for a certificate that nobody here vouches for. */
const UNTRUSTED: ReadonlySet<string> = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_SIGNATURE_FAILURE',
])

/** As OpenSSL writes it: an address, a number, where in its code, and among it what is the matter. */
const OPENSSL_ERROR = /[0-9A-F]+:error:[0-9A-F]+:[^:]*:[^:]*:(?<reason>[^:]+):.*$/s

type Spoken = Pick<
  KafkaSettings,
  'brokers' | 'tls' | 'caFile' | 'certificateFile' | 'saslMechanism' | 'saslUsername'
>

/** Why the brokers do not serve us, in one sentence that names the setting to look at. Without secrets. */
export function refusalOf(error: unknown, settings: Spoken): string {
  const message = (error as Error).message.replace(OPENSSL_ERROR, '$<reason>')
  const hint = hintOf(rootOf(error), settings)
  return `no Kafka broker serves us at ${settings.brokers.join(', ')}: ${message}${hint === undefined ? '' : ` (${hint})`}`
}

function hintOf({ name, code }: Fault, settings: Spoken): string | undefined {
  const { saslMechanism, saslUsername, caFile, certificateFile } = settings
  if (name === 'KafkaJSSASLAuthenticationError')
    return saslMechanism === undefined
      ? undefined
      : `look at the password of '${saslUsername ?? ''}' in kafka.saslPasswordFile and at kafka.saslMechanism`
  if (UNTRUSTED.has(code))
    return caFile === undefined
      ? 'kafka.caFile is not set'
      : `${caFile} does not vouch for the brokers' certificate: look at kafka.caFile`
  if (code === 'CERT_HAS_EXPIRED') return "the brokers' certificate has expired"
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return "the brokers' certificate is for another name"
  if (code.includes('ALERT') && code.includes('CERTIFICATE'))
    return certificateFile === undefined
      ? 'the brokers ask for a certificate: set kafka.certificateFile and kafka.keyFile'
      : 'the brokers do not take our certificate: look at kafka.certificateFile'
  if (settings.tls && (code === 'ECONNRESET' || code === 'EPROTO' || code.startsWith('ERR_SSL')))
    return 'do the brokers speak TLS there? kafka.tls is true'
  if (!settings.tls && name === 'KafkaJSConnectionClosedError')
    return 'do the brokers want TLS or SASL there? kafka.tls is false'
  return undefined
}

interface Fault {
  readonly name: string
  readonly code: string
}

/** The library wraps its errors; what happened is at the bottom. */
function rootOf(error: unknown): Fault {
  let { name, code, cause } = error as Partial<Fault> & { cause?: unknown }
  for (let depth = 0; depth < 8 && typeof cause === 'object' && cause !== null; depth++) {
    const next = cause as Partial<Fault> & { cause?: unknown }
    name = next.name ?? name
    code = next.code ?? code
    cause = next.cause
  }
  return { name: name ?? '', code: code ?? '' }
}

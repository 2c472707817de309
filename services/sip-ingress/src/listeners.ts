import { readFileSync, unwatchFile, watchFile } from 'node:fs'
import { createSecureContext, type SecureContextOptions } from 'node:tls'
import type { ListenerOptions } from '@ipsmgw/sip'
import type { Logger } from '@ipsmgw/telemetry'
import Type, { type Static } from 'typebox'

const closed = { additionalProperties: false } as const

/** One socket to listen on. */
export const listenerSchema = Type.Object(
  {
    transport: Type.Enum(['udp', 'tcp', 'tls']),
    host: Type.String({ minLength: 1, description: 'address to bind, IPv4 or IPv6; :: is all of IPv6' }),
    port: Type.Integer({ minimum: 0, maximum: 65_535 }),
    advertisedHost: Type.Optional(
      Type.String({ minLength: 1, maxLength: 255, description: 'name in own Via headers' }),
    ),
  },
  closed,
)

/** Own certificate, and whose certificates are believed. TLS is always mutual. */
export const tlsSchema = Type.Object(
  {
    certificateFile: Type.String({ minLength: 1, description: 'own chain, PEM' }),
    keyFile: Type.String({ minLength: 1, description: 'its private key, PEM' }),
    authoritiesFile: Type.String({ minLength: 1, description: 'who signs the certificates of peers, PEM' }),
  },
  closed,
)
export type TlsFiles = Static<typeof tlsSchema>

interface ListenerSettings {
  readonly host: string
  readonly port: number
  readonly listeners: readonly Static<typeof listenerSchema>[]
  readonly tls?: TlsFiles | undefined
}

/** What the endpoint binds. Throws when TLS is wanted without certificate, or with one that does not fit its key. */
export function listenersOf({ host, port, listeners, tls }: ListenerSettings): ListenerOptions[] {
  if (listeners.length === 0) return (['udp', 'tcp'] as const).map((transport) => ({ transport, host, port }))
  return listeners.map(({ transport, advertisedHost, ...address }) => ({
    transport,
    ...address,
    ...(advertisedHost !== undefined && { advertisedHost }),
    ...(transport === 'tls' && {
      tls: { ...readTls(tls), requestCert: true, rejectUnauthorized: true, minVersion: 'TLSv1.2' as const },
    }),
  }))
}

/** Throws a sentence that names the file, or what OpenSSL says of them. */
export function readTls(files: TlsFiles | undefined): SecureContextOptions {
  if (files === undefined) throw new Error('a TLS listener needs sip.tls')
  const context = {
    cert: readFileSync(files.certificateFile),
    key: readFileSync(files.keyFile),
    ca: readFileSync(files.authoritiesFile),
  }
  createSecureContext(context)
  return context
}

const LOOK_EVERY_MS = 5_000

/**
 * Follows the certificate files and hands over what is new in them. Certificate and key are swapped one after the
 * other: a pair that does not fit is refused, and the next look finds the other half.
 */
export class CertificateFiles {
  readonly #files: TlsFiles | undefined
  readonly #renew: (tls: SecureContextOptions) => void
  readonly #logger: Logger

  constructor(files: TlsFiles | undefined, renew: (tls: SecureContextOptions) => void, logger: Logger) {
    this.#files = files
    this.#renew = renew
    this.#logger = logger
  }

  start(): void {
    for (const file of this.#paths())
      watchFile(file, { interval: LOOK_EVERY_MS, persistent: false }, this.reload)
  }

  stop(): void {
    for (const file of this.#paths()) unwatchFile(file, this.reload)
  }

  readonly reload = (): void => {
    try {
      this.#renew(readTls(this.#files))
      this.#logger.info({ transport: 'tls' }, 'certificate renewed')
    } catch (error) {
      this.#logger.error({ err: error, transport: 'tls' }, 'changed certificate refused, the old one stays')
    }
  }

  #paths(): string[] {
    return this.#files === undefined ? [] : Object.values(this.#files)
  }
}

import type { SecureContextOptions } from 'node:tls'
import { DEFAULT_LIMITS, MsrpEndpoint } from '@ipsmgw/msrp'
import Type, { type Static } from 'typebox'
import { blockListOf, holds } from './addresses.ts'

/** CPM large-message mode: INVITE and MSRP. */
export const largeMessageSchema = Type.Object(
  {
    enabled: Type.Boolean({ default: false, description: 'take INVITE; without it 405' }),
    host: Type.String({ default: '127.0.0.1', description: 'address to bind for MSRP' }),
    port: Type.Integer({ default: 2855, minimum: 0, maximum: 65_535, description: 'MSRP port, plain TCP' }),
    tlsPort: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 65_535,
        description: 'MSRP port, TLS with the certificate of sip.tls; without it TCP/TLS/MSRP is not taken',
      }),
    ),
    plain: Type.Boolean({ default: true, description: 'take TCP/MSRP; false: TLS only' }),
    openTo: Type.Array(Type.String(), {
      default: [],
      maxItems: 1_024,
      description:
        'addresses or CIDR blocks that connections are opened to when the sender waits for one (a=setup:passive); empty: none',
    }),
    advertisedHost: Type.Optional(
      Type.String({ minLength: 1, maxLength: 255, description: 'address in session descriptions instead' }),
    ),
    maximumOctets: Type.Integer({
      default: DEFAULT_LIMITS.messageOctets,
      minimum: 1_000,
      maximum: DEFAULT_LIMITS.messageOctets,
      description: 'a larger message is refused with 413; its parts are counted by the policy besides',
    }),
    maximumSessions: Type.Integer({
      default: 1_000,
      minimum: 1,
      description: 'sessions at the same time; then 486',
    }),
    completeWithinMs: Type.Integer({
      default: 60_000,
      minimum: 1_000,
      description: 'from the INVITE to the whole message, and from its outcome to the BYE; then BYE',
    }),
    idleTimeoutMs: Type.Integer({
      default: 30_000,
      minimum: 1_000,
      description: 'MSRP connection without an octet, or from the first of a message to its last',
    }),
  },
  { additionalProperties: false, default: {} },
)
export type LargeMessageSettings = Static<typeof largeMessageSchema>

/** Octets of responses that may wait for a peer that does not read. */
const WRITE_BUFFER_OCTETS = 65_536
/** For opening a connection, or for a TLS handshake. */
const CONNECT_TIMEOUT_MS = 10_000

/** Throws a sentence for settings that do not fit each other, and what OpenSSL says of a certificate. */
export function createMsrpEndpoint(
  settings: LargeMessageSettings,
  tls: SecureContextOptions | undefined,
): MsrpEndpoint {
  const { host, port, tlsPort, plain, openTo, advertisedHost, maximumOctets, maximumSessions } = settings
  if (!plain && tlsPort === undefined) throw new Error('neither plain nor tlsPort: no session could be taken')
  if (tlsPort !== undefined && tls === undefined) throw new Error('tlsPort needs sip.tls')
  const allowed = blockListOf(openTo, 'openTo')
  return new MsrpEndpoint({
    host,
    listeners: [
      ...(plain ? [{ transport: 'tcp', port } as const] : []),
      ...(tlsPort === undefined ? [] : [{ transport: 'tls', port: tlsPort } as const]),
    ],
    ...(tls !== undefined && { tls }),
    ...(advertisedHost !== undefined && { advertisedHost }),
    ...(openTo.length > 0 && { opensTo: (address: string) => holds(allowed, address) }),
    limits: { ...DEFAULT_LIMITS, messageOctets: maximumOctets },
    connections: 2 * maximumSessions,
    connectTimeoutMs: CONNECT_TIMEOUT_MS,
    idleTimeoutMs: settings.idleTimeoutMs,
    writeBufferOctets: WRITE_BUFFER_OCTETS,
  })
}

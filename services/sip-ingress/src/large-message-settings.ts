import { DEFAULT_LIMITS, MsrpServer } from '@ipsmgw/msrp'
import Type, { type Static } from 'typebox'

/** CPM large-message mode: INVITE and MSRP. */
export const largeMessageSchema = Type.Object(
  {
    enabled: Type.Boolean({ default: false, description: 'take INVITE; without it 405' }),
    host: Type.String({ default: '127.0.0.1', description: 'address to bind for MSRP, TCP' }),
    port: Type.Integer({ default: 2855, minimum: 0, maximum: 65_535, description: 'MSRP port' }),
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

export function createMsrpServer(settings: LargeMessageSettings): MsrpServer {
  const { host, port, advertisedHost, maximumOctets, maximumSessions, idleTimeoutMs } = settings
  return new MsrpServer({
    listener: { host, port },
    ...(advertisedHost !== undefined && { advertisedHost }),
    limits: { ...DEFAULT_LIMITS, messageOctets: maximumOctets },
    connections: 2 * maximumSessions,
    idleTimeoutMs,
    writeBufferOctets: WRITE_BUFFER_OCTETS,
  })
}

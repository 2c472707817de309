import { httpSchema } from '@ipsmgw/runtime'
import Type, { type Static } from 'typebox'
import { peerSchema } from './peers.ts'

const closed = { additionalProperties: false } as const

/** The SIP side: listeners, clocks, peers, bounds. */
export const sipSchema = Type.Object(
  {
    host: Type.String({ default: '127.0.0.1', description: 'address to bind, UDP and TCP' }),
    port: Type.Integer({ default: 5060, minimum: 0, maximum: 65_535, description: 'SIP port, UDP and TCP' }),
    hostname: Type.String({ default: 'ipsmgw.invalid', description: 'own name in Warning headers' }),
    tryingDelayMs: Type.Integer({
      default: 200,
      minimum: 0,
      maximum: 3_500,
      description: '100 on TCP after this',
    }),
    answerByMs: Type.Integer({
      default: 25_000,
      minimum: 1_000,
      maximum: 31_000,
      description: 'a final answer leaves at the latest this long after arrival',
    }),
    unknownPeers: Type.Enum(['refuse', 'drop'], {
      default: 'refuse',
      description: 'requests from addresses of no peer: 403, or silence',
    }),
    peers: Type.Array(peerSchema, { default: [], description: 'S-CSCFs and application servers' }),
    maximumInFlight: Type.Integer({
      default: 50_000,
      minimum: 1,
      description: 'messages without a final; then 503',
    }),
  },
  { ...closed, default: {} },
)

/** Where the keys and the policy are. */
export const keysSchema = Type.Object(
  {
    hashFile: Type.Optional(
      Type.String({
        description: 'file with at least 16 octets, the same for all services; lab: made at start',
      }),
    ),
  },
  { ...closed, default: {} },
)

export const policyFileSchema = Type.Object(
  { file: Type.String({ default: '', description: 'policy document (YAML); empty: defaults' }) },
  { ...closed, default: {} },
)

export const sipIngressSections = {
  sip: sipSchema,
  http: httpSchema,
  keys: keysSchema,
  policy: policyFileSchema,
  ordinal: Type.Integer({
    default: 0,
    minimum: 0,
    maximum: 31,
    description: 'index of this replica (pod index)',
  }),
} as const

const sections = Type.Object(sipIngressSections)
export type SipIngressConfig = Static<typeof sections>

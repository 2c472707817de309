import { kafkaSchema } from '@ipsmgw/bus'
import { type ConfigProblem, problemsOf } from '@ipsmgw/config'
import { loadPolicy, policyFileSchema } from '@ipsmgw/policy'
import { httpSchema, keysSchema, loadKey, ordinalSchema } from '@ipsmgw/runtime'
import Type, { type Static } from 'typebox'
import { notificationSchema } from './notifier.ts'
import { PeerTable, peerSchema } from './peers.ts'

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
    notifications: notificationSchema,
  },
  { ...closed, default: {} },
)

/** Settings of this service besides those of every service (http, kafka). */
export const sipIngressSections = {
  ordinal: ordinalSchema,
  sip: sipSchema,
  keys: keysSchema,
  policy: policyFileSchema,
} as const

/** All settings of the process. */
export const sipIngressSchema = Type.Object(
  { http: httpSchema, kafka: kafkaSchema, ...sipIngressSections },
  { additionalProperties: false },
)

const sections = Type.Object(sipIngressSections)
export type SipIngressConfig = Static<typeof sections>

/** What is wrong beyond the schema: addresses, files. */
export function checkSipIngress(config: SipIngressConfig): ConfigProblem[] {
  return [
    ...problemsOf('sip.peers', () => new PeerTable(config.sip.peers)),
    ...problemsOf('keys.hashFile', () => loadKey(config.keys.hashFile)),
    ...problemsOf('policy.file', () => loadPolicy(config.policy.file)),
  ]
}

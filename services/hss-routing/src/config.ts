import { kafkaSchema } from '@ipsmgw/bus'
import { type ConfigProblem, problemsOf } from '@ipsmgw/config'
import { httpSchema, keysSchema, loadKey, ordinalSchema } from '@ipsmgw/runtime'
import Type, { type Static } from 'typebox'

const closed = { additionalProperties: false } as const

const peerSchema = Type.Object(
  {
    identity: Type.String({ minLength: 1, description: 'Diameter identity of the peer (its Origin-Host)' }),
    host: Type.String({ minLength: 1, description: 'address or name to connect to' }),
    port: Type.Integer({ default: 3868, minimum: 1, maximum: 65_535 }),
    realms: Type.Array(Type.String(), { default: [], description: 'realms reached through it' }),
    priority: Type.Integer({ default: 1, minimum: 1, description: 'lower is asked first' }),
  },
  closed,
)

/** Own Diameter identity and the peers: HSSs, agents, serving nodes. */
export const diameterSchema = Type.Object(
  {
    originHost: Type.String({ minLength: 1, description: 'own Diameter identity, one per replica' }),
    originRealm: Type.String({ minLength: 1, description: 'own realm' }),
    peers: Type.Array(peerSchema, { default: [], description: 'nodes that are connected to' }),
    watchdogMs: Type.Integer({ default: 6_000, minimum: 6_000, description: 'Tw of RFC 3539' }),
    maximumPendingPerPeer: Type.Integer({
      default: 50_000,
      minimum: 1,
      description: 'requests without an answer',
    }),
  },
  closed,
)
export type DiameterConfig = Static<typeof diameterSchema>

/** What step 8 asks, and how long it waits. */
export const routingSchema = Type.Object(
  {
    hssRealm: Type.String({ minLength: 1, description: 'realm of the home HSS' }),
    serviceCentre: Type.String({
      pattern: '^[1-9][0-9]{4,14}$',
      description: 'own service centre number, digits',
    }),
    preference: Type.Array(Type.Enum(['msc', 'mme', 'sgsn', 'smsf']), {
      default: ['mme', 'sgsn', 'smsf', 'msc'],
      minItems: 1,
      description: 'kinds of serving node in order of preference',
    }),
    attemptMs: Type.Integer({ default: 1_500, minimum: 100, description: 'for one query to one peer' }),
    budgetMs: Type.Integer({ default: 4_000, minimum: 100, description: 'for all queries of a message' }),
    maximumInFlight: Type.Integer({ default: 20_000, minimum: 1, description: 'messages being routed' }),
  },
  closed,
)

/** Settings of this service besides those of every service (http, kafka). */
export const hssRoutingSections = {
  ordinal: ordinalSchema,
  keys: keysSchema,
  diameter: diameterSchema,
  routing: routingSchema,
} as const

/** All settings of the process. */
export const hssRoutingSchema = Type.Object(
  { http: httpSchema, kafka: kafkaSchema, ...hssRoutingSections },
  { additionalProperties: false },
)

const sections = Type.Object(hssRoutingSections)
export type HssRoutingConfig = Static<typeof sections>

/** What is wrong beyond the schema: files. */
export function checkHssRouting(config: Pick<HssRoutingConfig, 'keys'>): ConfigProblem[] {
  return problemsOf('keys.hashFile', () => loadKey(config.keys.hashFile))
}

import { kafkaSchema } from '@ipsmgw/bus'
import { type ConfigProblem, problemsOf } from '@ipsmgw/config'
import { diameterSchema } from '@ipsmgw/diameter'
import { loadPolicy, policyFileSchema } from '@ipsmgw/policy'
import { httpSchema, keysSchema, loadKey, ordinalSchema } from '@ipsmgw/runtime'
import { checkSigtran, sigtranSchema } from '@ipsmgw/sigtran'
import Type, { type Static } from 'typebox'

const closed = { additionalProperties: false } as const

/** What step 8 asks, and how long it waits. */
const routingSchema = Type.Object(
  {
    hssRealm: Type.String({ minLength: 1, description: 'realm of the home HSS' }),
    serviceCentre: Type.String({
      pattern: '^[1-9][0-9]{4,14}$',
      description: 'own service centre number, digits',
    }),
    ownNumbers: Type.Array(Type.String({ pattern: '^[1-9][0-9]{4,14}$' }), {
      default: [],
      description: 'further own numbers (as IP-SM-GW): an answer that names one is a loop',
    }),
    protocols: Type.Array(Type.Enum(['s6c', 'map']), {
      default: ['s6c'],
      minItems: 1,
      maxItems: 2,
      description: 'how serving nodes are asked for; a second one when the first cannot answer',
    }),
    preference: Type.Array(Type.Enum(['msc', 'mme', 'sgsn', 'smsf']), {
      default: ['mme', 'sgsn', 'smsf', 'msc'],
      minItems: 1,
      description: 'kinds of serving node in order of preference',
    }),
    singleAttempt: Type.Boolean({
      default: true,
      description: 'HSS and HLR keep no waiting data: without a store nobody acts on their alerts',
    }),
    reportMaximumAgeMs: Type.Integer({
      default: 3_600_000,
      minimum: 1_000,
      description: 'an outcome that HSS or HLR has not taken for so long is not reported any more',
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
  policy: policyFileSchema,
  diameter: diameterSchema,
  sigtran: Type.Optional(sigtranSchema),
  routing: routingSchema,
} as const

/** All settings of the process. */
export const hssRoutingSchema = Type.Object(
  { http: httpSchema, kafka: kafkaSchema, ...hssRoutingSections },
  { additionalProperties: false },
)

const sections = Type.Object(hssRoutingSections)
export type HssRoutingConfig = Static<typeof sections>

/** What is wrong beyond the schema: files, and what only several settings show together. */
export function checkHssRouting(config: Omit<HssRoutingConfig, 'diameter'>): ConfigProblem[] {
  return [
    ...problemsOf('keys.hashFile', () => loadKey(config.keys.hashFile)),
    ...problemsOf('policy.file', () => loadPolicy(config.policy.file)),
    ...checkSigtran(config.sigtran, config),
    ...checkProtocols(config),
  ]
}

/** What is asked over MAP needs a SIGTRAN side. */
export function checkProtocols({
  routing,
  sigtran,
}: Pick<HssRoutingConfig, 'routing' | 'sigtran'>): ConfigProblem[] {
  if (sigtran !== undefined || !routing.protocols.includes('map')) return []
  return [
    { path: 'routing.protocols', source: 'check', message: 'names map, which needs the section sigtran' },
  ]
}

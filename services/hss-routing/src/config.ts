import { kafkaSchema } from '@ipsmgw/bus'
import { type ConfigProblem, problemsOf } from '@ipsmgw/config'
import { diameterSchema } from '@ipsmgw/diameter'
import { loadPolicy, policyFileSchema } from '@ipsmgw/policy'
import { httpSchema, keysSchema, loadKey, ordinalSchema } from '@ipsmgw/runtime'
import { checkSigtran, sigtranSchema } from '@ipsmgw/sigtran'
import Type, { type Static } from 'typebox'

const closed = { additionalProperties: false } as const

/** What is asked over Sh, and how long it holds. */
const shSchema = Type.Object(
  {
    cacheEntries: Type.Integer({ default: 100_000, minimum: 1, description: 'users kept' }),
    cacheMs: Type.Integer({ default: 300_000, minimum: 0, description: 'an answer holds; 0: never' }),
    negativeCacheMs: Type.Integer({
      default: 10_000,
      minimum: 0,
      maximum: 60_000,
      description: 'it holds that the HSS knows no such user',
    }),
    subscribe: Type.Boolean({
      default: false,
      description: 'ask the HSS to tell of changes (SNR): answers hold for subscriptionMs, until it does',
    }),
    subscriptionMs: Type.Integer({
      default: 3_600_000,
      minimum: 60_000,
      description: 'a subscription runs for; renewed in its last quarter when it is used',
    }),
    userState: Type.Boolean({ default: false, description: 'ask for IMSUserState too, for the records' }),
  },
  { ...closed, default: {} },
)

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
    protocols: Type.Array(Type.Enum(['s6c', 'map', 'sh']), {
      default: ['s6c'],
      minItems: 1,
      maxItems: 2,
      description:
        'how serving nodes are asked for; a second one when the first cannot answer. sh, alone: S6c to the HSS that knows the recipient over Sh, MAP for whom no HSS knows',
    }),
    withoutNumber: Type.Enum(['refuse', 'imsi', 'sip-uri'], {
      default: 'imsi',
      description:
        'users without a number: 404; routed by their IMSI, which Sh is asked for; by their SIP URI (SMSMI-Correlation-ID, needs hssId)',
    }),
    hssId: Type.Optional(
      Type.String({ minLength: 1, maxLength: 255, description: 'HSS-ID in SMSMI-Correlation-ID' }),
    ),
    sh: shSchema,
    preference: Type.Array(Type.Enum(['msc', 'mme', 'sgsn', 'smsf']), {
      default: ['mme', 'sgsn', 'smsf', 'msc'],
      minItems: 1,
      description: 'kinds of serving node in order of preference',
    }),
    mapRealms: Type.Array(Type.String({ minLength: 1 }), {
      default: [],
      description:
        'networks without SGd, by the realms of their nodes, whole or below: reached over MAP by their numbers',
    }),
    singleAttempt: Type.Boolean({
      default: true,
      description: 'HSS and HLR keep no waiting data: without a store nobody acts on their alerts',
    }),
    tellSender: Type.Boolean({
      default: false,
      description:
        'SRR and SRI name the sender (SM-RP-SMEA), for home networks that filter; never one that hides',
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
  const { protocols, withoutNumber, hssId, mapRealms } = routing
  const problems: ConfigProblem[] = []
  const wrong = (path: string, message: string) => problems.push({ path, source: 'check', message })
  const overMap = protocols.find((protocol) => protocol !== 's6c')
  if (sigtran === undefined && overMap !== undefined)
    wrong('routing.protocols', `names ${overMap}, which needs the section sigtran`)
  if (sigtran === undefined && mapRealms.length > 0) wrong('routing.mapRealms', 'needs the section sigtran')
  if (protocols.includes('sh') && protocols.length > 1)
    wrong('routing.protocols', 'sh chooses between the others and stands alone')
  if (withoutNumber === 'sip-uri' && hssId === undefined)
    wrong('routing.hssId', 'must be set for withoutNumber: sip-uri')
  return problems
}

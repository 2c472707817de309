import { kafkaSchema } from '@ipsmgw/bus'
import type { ConfigProblem } from '@ipsmgw/config'
import { diameterSchema } from '@ipsmgw/diameter'
import { httpSchema, ordinalSchema } from '@ipsmgw/runtime'
import { checkSigtran, sigtranSchema } from '@ipsmgw/sigtran'
import Type, { type Static } from 'typebox'

/** How parts are forwarded: bounds, expected durations, retries. */
const deliverySchema = Type.Object(
  {
    maximumInFlight: Type.Integer({ default: 40_000, minimum: 1, description: 'messages being delivered' }),
    maximumInFlightPerNode: Type.Integer({
      default: 20_000,
      minimum: 1,
      description: 'parts under way to one serving node; keep it below maximumInFlight',
    }),
    maximumPerSecondPerNode: Type.Integer({
      default: 5_000,
      minimum: 1,
      description: 'parts that may begin at one serving node in a second',
    }),
    breakerUnanswered: Type.Integer({
      default: 10,
      minimum: 1,
      description: 'a node that leaves so many parts in a row without any answer',
    }),
    breakerSilenceMs: Type.Integer({
      default: 20_000,
      minimum: 1_000,
      description: 'for so long is left alone; above what paging takes',
    }),
    breakerProbeMs: Type.Integer({
      default: 10_000,
      minimum: 100,
      description: 'then one part is let through this often',
    }),
    firstPartMs: Type.Integer({
      default: 6_000,
      minimum: 1,
      description: 'expected until a node has shown its own',
    }),
    furtherPartMs: Type.Integer({
      default: 2_500,
      minimum: 1,
      description: 'expected for each further part',
    }),
    remainderMs: Type.Integer({
      default: 90_000,
      minimum: 0,
      description: 'bound for the rest after part 1',
    }),
    busyRetryMs: Type.Integer({ default: 1_500, minimum: 1, description: 'pause when the phone is busy' }),
    busyRetries: Type.Integer({ default: 2, minimum: 0, maximum: 10 }),
    smDeliveryTimerSeconds: Type.Integer({
      default: 30,
      minimum: 30,
      maximum: 600,
      description: 'supervision time signalled to the node (TS 29.002)',
    }),
    mapTimerSeconds: Type.Integer({
      default: 60,
      minimum: 30,
      maximum: 600,
      description: 'how long a node may take over MAP (timer ml of TS 29.002)',
    }),
    certainAgents: Type.Array(Type.String(), {
      default: [],
      description: 'Diameter agents whose 3002 and 3004 prove that a request went no further',
    }),
    drainMs: Type.Integer({
      default: 25_000,
      minimum: 0,
      maximum: 35_000,
      description: 'the longest that a stop waits for phones; then their parts are of unknown outcome',
    }),
    seenWindowMs: Type.Integer({
      default: 180_000,
      minimum: 60_000,
      description: 'a message is known this long',
    }),
  },
  { additionalProperties: false, default: {} },
)

/** Settings of this service besides those of every service (http, kafka). */
export const smDeliverySections = {
  ordinal: ordinalSchema,
  diameter: diameterSchema,
  sigtran: Type.Optional(sigtranSchema),
  delivery: deliverySchema,
} as const

/** All settings of the process. Of routing it knows the number that the phone's network sees as the sender. */
export const smDeliverySchema = Type.Object(
  {
    http: httpSchema,
    kafka: kafkaSchema,
    ...smDeliverySections,
    routing: Type.Object(
      {
        serviceCentre: Type.String({
          pattern: '^[1-9][0-9]{4,14}$',
          description: 'own service centre number, digits',
        }),
      },
      { additionalProperties: false },
    ),
  },
  { additionalProperties: false },
)

export type SmDeliveryConfig = Static<typeof smDeliverySchema>

/** What is wrong beyond the schema. */
export function checkSmDelivery(config: Pick<SmDeliveryConfig, 'sigtran' | 'ordinal'>): ConfigProblem[] {
  return checkSigtran(config.sigtran, config)
}

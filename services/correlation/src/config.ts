import { kafkaSchema } from '@ipsmgw/bus'
import { CAUSES } from '@ipsmgw/causes'
import type { ConfigProblem } from '@ipsmgw/config'
import { httpSchema } from '@ipsmgw/runtime'
import Type, { type Static } from 'typebox'

const closed = { additionalProperties: false, default: {} } as const

/** How decisions are made and remembered. */
export const correlationSchema = Type.Object(
  {
    keepDecidedMs: Type.Integer({
      default: 180_000,
      minimum: 64_000,
      description: 'an answer is repeated to late copies this long; at least 64·T1 and Timer J',
    }),
    maximumInFlight: Type.Integer({
      default: 5_000,
      minimum: 1,
      description: 'records being worked on; it never waits for anything but memory',
    }),
    clockSkewMs: Type.Integer({
      default: 500,
      minimum: 0,
      description: 'what clocks of two instances may differ by',
    }),
    notifications: Type.Object(
      {
        enabled: Type.Boolean({
          default: true,
          description: 'senders who asked for it are told what became of their message (RFC 5438)',
        }),
        processed: Type.Boolean({ default: false, description: 'also that the gateway took the message' }),
        anonymousSenders: Type.Enum(['ignore', 'asserted'], {
          default: 'ignore',
          description: 'senders who hide: not told, or told at their asserted identity',
        }),
      },
      closed,
    ),
    statusByCause: Type.Record(Type.String(), Type.Integer({ minimum: 202, maximum: 599 }), {
      default: {},
      description: "operator's own SIP status per cause, e.g. {routingNoAnswer: 504}",
    }),
  },
  closed,
)

/** Settings of this service besides those of every service (http, kafka). */
export const correlationSections = { correlation: correlationSchema } as const

/** All settings of the process. Of the SIP side it knows what its answers name. */
export const correlationServiceSchema = Type.Object(
  {
    http: httpSchema,
    kafka: kafkaSchema,
    sip: Type.Object(
      { hostname: Type.String({ default: 'ipsmgw.invalid', description: 'own name in Warning headers' }) },
      closed,
    ),
    ...correlationSections,
  },
  { additionalProperties: false },
)

export interface CorrelationConfig {
  readonly correlation: Static<typeof correlationSchema>
  readonly sip: { readonly hostname: string }
}

/** What is wrong beyond the schema: causes that do not exist. */
export function checkCorrelation({ correlation }: CorrelationConfig): ConfigProblem[] {
  return Object.keys(correlation.statusByCause)
    .filter((cause) => !Object.hasOwn(CAUSES, cause))
    .map((cause) => ({
      path: `correlation.statusByCause.${cause}`,
      source: 'check',
      message: `is no cause; there are ${Object.keys(CAUSES).join(', ')}`,
    }))
}

import { CAUSES, type Cause } from '@ipsmgw/causes'
import Type, { type Static } from 'typebox'

/** How decisions are made and remembered. */
export const correlationSchema = Type.Object(
  {
    keepDecidedMs: Type.Integer({
      default: 180_000,
      minimum: 64_000,
      description: 'an answer is repeated to late copies this long; at least 64·T1 and Timer J',
    }),
    clockSkewMs: Type.Integer({
      default: 500,
      minimum: 0,
      description: 'what clocks of two instances may differ by',
    }),
    statusByCause: Type.Record(Type.String(), Type.Integer({ minimum: 202, maximum: 599 }), {
      default: {},
      description: "operator's own SIP status per cause, e.g. {routingNoAnswer: 504}",
    }),
  },
  { additionalProperties: false, default: {} },
)
export type CorrelationConfig = Static<typeof correlationSchema>

/** Causes in `statusByCause` that do not exist. */
export function unknownCauses(config: CorrelationConfig): string[] {
  return Object.keys(config.statusByCause).filter((cause) => !Object.hasOwn(CAUSES, cause))
}

export function statusOverrides(config: CorrelationConfig): Partial<Record<Cause, number>> {
  return config.statusByCause as Partial<Record<Cause, number>>
}

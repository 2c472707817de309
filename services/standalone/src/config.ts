import type { ConfigProblem } from '@ipsmgw/config'
import { checkCorrelation, correlationSections } from '@ipsmgw/correlation'
import { checkProtocols, hssRoutingSections } from '@ipsmgw/hss-routing'
import { imToSmsSections } from '@ipsmgw/im-to-sms'
import { recordsSections } from '@ipsmgw/records'
import { httpSchema } from '@ipsmgw/runtime'
import { checkSigtran } from '@ipsmgw/sigtran'
import { checkSipIngress, sipIngressSections } from '@ipsmgw/sip-ingress'
import { smDeliverySections } from '@ipsmgw/sm-delivery'
import Type, { type Static } from 'typebox'

const closed = { additionalProperties: false, default: {} } as const

const journalSchema = Type.Object(
  {
    directory: Type.String({
      default: '.ipsmgw/journal',
      minLength: 1,
      description: 'folder that remembers what must not happen twice; one per process',
    }),
    windowMs: Type.Integer({
      default: 240_000,
      minimum: 60_000,
      description: 'what is remembered over a restart; up to twice as much is on disk',
    }),
  },
  closed,
)

const busSchema = Type.Object(
  {
    maximumQueued: Type.Integer({
      default: 100_000,
      minimum: 1,
      description: 'records that wait for one stage; then messages are refused with 503',
    }),
  },
  closed,
)

/** All settings of the process: those of the services, without what only several processes need. */
export const standaloneSchema = Type.Object(
  {
    http: httpSchema,
    sip: sipIngressSections.sip,
    diameter: hssRoutingSections.diameter,
    sigtran: hssRoutingSections.sigtran,
    routing: hssRoutingSections.routing,
    ...imToSmsSections,
    delivery: smDeliverySections.delivery,
    ...correlationSections,
    ...recordsSections,
    journal: journalSchema,
    bus: busSchema,
  },
  { additionalProperties: false },
)

export type StandaloneConfig = Static<typeof standaloneSchema>

/** There is one of it. */
export const ORDINAL = 0

/** What is wrong beyond the schema. */
export function checkStandalone(config: StandaloneConfig): ConfigProblem[] {
  return [
    ...checkSipIngress({ ...config, ordinal: ORDINAL }, config.delivery),
    ...checkCorrelation(config),
    ...checkSigtran(config.sigtran, { ordinal: ORDINAL }),
    ...checkProtocols(config),
  ]
}

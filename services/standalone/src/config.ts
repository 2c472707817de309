import { type ConfigProblem, problemsOf } from '@ipsmgw/config'
import { checkCorrelation, correlationSections } from '@ipsmgw/correlation'
import { checkProtocols, hssRoutingSections } from '@ipsmgw/hss-routing'
import { imToSmsSections } from '@ipsmgw/im-to-sms'
import { loadPolicy, policyFor } from '@ipsmgw/policy'
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
    ...checkSipIngress({ ...config, ordinal: ORDINAL }),
    ...checkClocks(config),
    ...checkCorrelation(config),
    ...checkSigtran(config.sigtran, { ordinal: ORDINAL }),
    ...checkProtocols(config),
  ]
}

/** A node that has shown nothing yet is given firstPartMs: with less until answerBy nothing would ever be sent to one. */
function checkClocks({ sip, delivery, policy }: StandaloneConfig): ConfigProblem[] {
  return problemsOf('sip.peers', () => {
    const document = loadPolicy(policy.file)
    for (const { name, profile, earlyAnswerMs, answerByMs = sip.answerByMs } of sip.peers) {
      const early = earlyAnswerMs ?? (policyFor(document, profile) ?? document).answer.earlyAnswerMs
      if (early === undefined && answerByMs <= delivery.firstPartMs)
        throw new Error(
          `answerByMs of peer ${name} is ${answerByMs}, and delivery.firstPartMs expects ${delivery.firstPartMs} of a node: nothing would be sent. Give it earlyAnswerMs and a longer answerByMs`,
        )
    }
  })
}

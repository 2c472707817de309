import { Journal, keep } from '@ipsmgw/bus'
import { messageCompleted, type SmRouted, smReports, smRouted } from '@ipsmgw/events'
import type { StandaloneConfig } from './config.ts'

/** Steps of the timeline that say whether something left; the others can be done again. */
const KEPT_STEPS: readonly string[] = ['attempted', 'acknowledged', 'failed']

/**
 * What one process must find again after a kill: its claims, so that no message leaves twice; what it did to the
 * claimed ones, so that the answer stays true; its decisions, so that a copy gets the same one.
 */
export function openJournal(settings: StandaloneConfig['journal']): Journal {
  return new Journal({
    ...settings,
    topics: [
      keep(smRouted, 'claimed', claimOf),
      keep(smReports, 'published', (value) =>
        value.report !== undefined && KEPT_STEPS.includes(value.report.step) ? value : undefined,
      ),
      keep(messageCompleted, 'published'),
    ],
  })
}

/** A claim is a messageId; phone, place and text are not for the disk. */
function claimOf(routed: SmRouted): SmRouted {
  const { messageId, recipientKey, deliveryKey, receivedAtMs, answerByMs, forwardByMs, reply } = routed
  return {
    ...{ messageId, recipientKey, deliveryKey, receivedAtMs, answerByMs, forwardByMs, reply },
    imsi: '0',
    recipient: { uri: '' },
    nodes: [{ kind: 'mme', protocol: 'sgd' }],
    tpdus: ['AAAA'],
    routing: routed.routing,
    early: routed.early,
  }
}

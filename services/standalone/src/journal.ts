import { Journal, keep } from '@ipsmgw/bus'
import { imdnOutbox, messageCompleted, type SmRouted, smOutcome, smReports, smRouted } from '@ipsmgw/events'
import { reportedNodes } from '@ipsmgw/hss-routing'
import type { StandaloneConfig } from './config.ts'

/**
 * What one process must find again after a kill: its claims, so that no message leaves twice; its attempts, so that
 * nobody is told *not sent* of what may have left; its decisions, so that a copy gets the same one; its notifications
 * and what became of them; what the home network is still to be told. Every other report is followed by the decision at
 * once, or can be made again.
 */
export function openJournal(settings: StandaloneConfig['journal']): Journal {
  return new Journal({
    ...settings,
    topics: [
      keep(smRouted, 'claimed', claimOf),
      keep(smReports, 'published', (value) => (value.report?.step === 'attempted' ? value : undefined)),
      keep(messageCompleted, 'published'),
      keep(imdnOutbox, 'published'),
      keep(smOutcome, 'until-done', (outcome) => (reportedNodes(outcome).length > 0 ? outcome : undefined)),
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

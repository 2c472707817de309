import { counter, gauge, type Logger, type Registry } from '@ipsmgw/telemetry'
import type { PushVerdict } from './push-handler.ts'
import type { UsersReport } from './users.ts'

const LOOKUPS = ['hit', 'negative-hit', 'shared', 'miss'] as const
const REASONS = ['pushed', 'expired', 'evicted'] as const
const SUBSCRIPTIONS = ['subscribed', 'not-allowed', 'failed', 'too-many'] as const
const VERDICTS = ['forgotten', 'nobody'] as const

export interface ShReport extends UsersReport {
  pushed(verdict: PushVerdict): void
}

/** What becomes of questions about users; `entries` counts those that are kept. */
export function createShReport(registry: Registry, logger: Logger, entries: () => number): ShReport {
  const lookups = counter(
    registry,
    'ipsmgw_routing_user_lookups_total',
    'Questions about users, by how they were answered: from memory, together with another one, or by the HSS',
    { result: LOOKUPS },
  )
  const dropped = counter(
    registry,
    'ipsmgw_routing_users_dropped_total',
    'Users kept no longer, by reason; pushed: the HSS told of a change',
    { reason: REASONS },
  )
  const subscriptions = counter(
    registry,
    'ipsmgw_routing_user_subscriptions_total',
    'Subscriptions to changes of users (SNR), by result',
    { result: SUBSCRIPTIONS },
  )
  const pushes = counter(
    registry,
    'ipsmgw_routing_user_pushes_total',
    'Changes that the HSS told of (PNR), by whether the user was known here',
    { verdict: VERDICTS },
  )
  gauge(registry, 'ipsmgw_routing_users_kept', 'Users whose answer of the HSS is kept', entries)
  return {
    looked: (result) => lookups.inc({ result }),
    dropped: (reason) => dropped.inc({ reason }),
    subscribed(result) {
      subscriptions.inc({ result })
      if (result === 'not-allowed')
        logger.warn({ interface: 'sh' }, 'the HSS tells of no changes: answers hold for their own time only')
    },
    pushed: (verdict) => pushes.inc({ verdict }),
  }
}

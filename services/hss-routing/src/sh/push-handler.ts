import {
  type DiameterNode,
  ExperimentalResult,
  experimentalResult,
  ResultCode,
  result,
} from '@ipsmgw/diameter'
import type { Users } from './users.ts'

/** What was made of a push: a user forgotten, or nobody known. */
export type PushVerdict = 'forgotten' | 'nobody'

/**
 * Serves PNR (TS 29.328 §6.1.4). What it brings is not read: the next question gets all of it anew. A push about nobody
 * who is known here is answered 5107, and the HSS ends the subscription.
 */
export function servePushes(
  node: Pick<DiameterNode, 'handle'>,
  users: Pick<Users, 'changed'>,
  pushed: (verdict: PushVerdict) => void,
): void {
  node.handle('PNR', ({ fields }) => {
    const { 'Public-Identity': identity, MSISDN: msisdn } = fields['User-Identity']
    const subject = identity ?? (msisdn === undefined ? undefined : `tel:+${msisdn}`)
    const known = subject !== undefined && users.changed(subject)
    pushed(known ? 'forgotten' : 'nobody')
    return known ? result(ResultCode.SUCCESS) : experimentalResult(ExperimentalResult.NO_SUBSCRIPTION_TO_DATA)
  })
}

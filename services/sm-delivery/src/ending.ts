import { causeNamed, causeRow, homeOutcomeOf } from '@ipsmgw/causes'
import type { NodeOutcome, ServingNode, SmReport } from '@ipsmgw/events'
import { type ForwardResult, nodeName } from './forwarder.ts'

/** What a report holds; a longer one could not be read. */
const LONGEST_DETAIL = 256

/** How sending the parts from one on ended. */
export type Ending =
  | { readonly kind: 'delivered' }
  | { readonly kind: 'ended'; readonly report: Partial<SmReport>; readonly diagnostic?: number }
  | {
      readonly kind: 'elsewhere'
      readonly part: number
      readonly report: Partial<SmReport>
      readonly diagnostic?: number
      readonly stale: boolean
    }

/** What the outcome of a part means: the end of the message, or another node, where it is proved that this one has nothing. */
export function endingOf(
  result: Exclude<ForwardResult, { kind: 'delivered' }>,
  part: number,
  node: ServingNode,
): Ending {
  const peer = nodeName(node)
  if (result.kind === 'unknown')
    return {
      kind: 'ended',
      report: { part, peer, cause: 'outcomeUnknown', outcome: 'unknown', ...detailOf(result) },
    }
  const row = causeRow(result.cause)
  const proof = result.kind === 'not-sent' || result.proof === true || row.outcome === 'proof'
  const report: Partial<SmReport> = {
    part,
    peer,
    cause: result.cause,
    outcome: proof ? 'proof' : 'unknown',
    ...detailOf(result),
    ...(result.kind === 'refused' &&
      result.retryAfterSeconds !== undefined && { retryAfterSeconds: result.retryAfterSeconds }),
  }
  const stale = row.action === 'ask-routing-again'
  const { diagnostic } = result.kind === 'refused' ? result : {}
  const told = { report, ...(diagnostic !== undefined && { diagnostic }) }
  if (proof && (stale || row.action === 'other-node')) return { kind: 'elsewhere', part, stale, ...told }
  return { kind: 'ended', ...told }
}

/** What the home network is told of the node. */
export function outcomeAt(node: ServingNode, ending: Ending): NodeOutcome {
  if (ending.kind === 'delivered') return { kind: node.kind, outcome: 'delivered' }
  const { report, diagnostic } = ending
  return homeOutcomeOf(node.kind, {
    cause: causeNamed(report.cause),
    ...(diagnostic !== undefined && { diagnostic }),
    retryGiven: report.retryAfterSeconds !== undefined,
  })
}

export function detailOf(result: ForwardResult): { detail?: string } {
  return result.detail === undefined ? {} : { detail: result.detail.slice(0, LONGEST_DETAIL) }
}

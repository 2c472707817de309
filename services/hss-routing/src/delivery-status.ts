import type { NodeOutcome, SmOutcome } from '@ipsmgw/events'

/** What the home network is told of one node. */
export type ReportedNode = NodeOutcome & { readonly outcome: 'delivered' | 'absent' | 'memory-full' }

/**
 * What there is to report to HSS or HLR (TS 23.040 §9.2.3, TS 29.338 §5.2.3); empty: nothing. Absence and full memory,
 * unless it was asked to keep nothing and keeps nothing; a success, if it keeps something that it may now forget. An
 * unknown outcome is none.
 */
export function reportedNodes({ home, ending, nodes }: SmOutcome): readonly ReportedNode[] {
  if (ending === 'unknown') return []
  const keeps = home.waiting || !home.singleAttempt
  const worthwhile = ending === 'delivered' ? home.waiting : keeps
  if (!worthwhile) return []
  const reported = nodes.filter(isReported)
  // MME and MSC never stand together (TS 29.338 §5.3.3.14): the later one is the newer knowledge.
  return reported.filter(
    ({ kind }, index) =>
      !reported
        .slice(index + 1)
        .some((later) => (COMPANY[kind] ?? kind) === (COMPANY[later.kind] ?? later.kind)),
  )
}

/** Kinds of which one report holds a single one. */
const COMPANY: Readonly<Partial<Record<NodeOutcome['kind'], NodeOutcome['kind']>>> = { mme: 'msc' }

function isReported(node: NodeOutcome): node is ReportedNode {
  return node.outcome !== 'other'
}

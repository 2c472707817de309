import { causeRow } from '@ipsmgw/causes'
import type { Refusal, RouteQuery, RoutingAnswer } from './router.ts'

/** Whoever was asked could not answer: somebody else may. */
export function isUndecided(answer: RoutingAnswer | Refusal): boolean {
  return answer.kind === 'refused' && causeRow(answer.cause).action === 'alternate-peer'
}

/**
 * The same question over one protocol after the other, in the operator's order: the next is asked when one could not
 * answer, never when it said no. Each but the last may use its share of what is left.
 */
export function inOrder(queries: readonly RouteQuery[]): RouteQuery {
  return async (target, budgetMs) => {
    const untilMs = performance.now() + budgetMs
    const [first, ...others] = queries
    if (first === undefined) return { kind: 'refused', cause: 'routingNoAnswer', detail: 'no protocol' }
    let answer = await first(target, budgetMs / queries.length)
    for (const [index, next] of others.entries()) {
      const leftMs = untilMs - performance.now()
      if (!isUndecided(answer) || leftMs <= 0) break
      answer = await next(target, leftMs / (others.length - index))
    }
    return answer
  }
}

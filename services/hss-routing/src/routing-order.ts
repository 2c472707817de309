import { causeRow } from '@ipsmgw/causes'
import type { RouteQuery } from './router.ts'

/**
 * The same question over one protocol after the other, in the operator's order: the next is asked when one could not
 * answer, never when it said no. Each but the last may use its share of what is left.
 */
export function inOrder(queries: readonly RouteQuery[]): RouteQuery {
  return async (number, budgetMs) => {
    const untilMs = performance.now() + budgetMs
    const [first, ...others] = queries
    if (first === undefined) return { kind: 'refused', cause: 'routingNoAnswer', detail: 'no protocol' }
    let answer = await first(number, budgetMs / queries.length)
    for (const [index, next] of others.entries()) {
      const leftMs = untilMs - performance.now()
      const undecided = answer.kind === 'refused' && causeRow(answer.cause).action === 'alternate-peer'
      if (!undecided || leftMs <= 0) break
      answer = await next(number, leftMs / (others.length - index))
    }
    return answer
  }
}

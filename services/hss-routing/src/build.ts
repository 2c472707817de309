import type { Bus } from '@ipsmgw/bus'
import type { KeyMaker } from '@ipsmgw/numbering'
import type { Part } from '@ipsmgw/runtime'
import { createHssRouting } from './app.ts'
import type { HssRoutingConfig } from './config.ts'
import type { Queries } from './router.ts'

export interface HssRoutingSurroundings {
  readonly bus: Bus
  readonly keys: KeyMaker
  readonly queries: Queries
}

/** The service as configured. */
export function buildHssRouting(
  config: Pick<HssRoutingConfig, 'routing'>,
  surroundings: HssRoutingSurroundings,
): Part {
  return createHssRouting(config.routing, { ...surroundings, now: Date.now })
}

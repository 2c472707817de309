export { buildHssRouting, buildQueries, type HssRoutingSurroundings } from './build.ts'
export {
  checkHssRouting,
  type HssRoutingConfig,
  hssRoutingSchema,
  hssRoutingSections,
} from './config.ts'
export { QUERY_APPLICATIONS } from './diameter-queries.ts'
export type { Queries, Refusal, RoutingAnswer } from './router.ts'

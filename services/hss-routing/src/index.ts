export { mapAlertHandlers, serveAlerts } from './alert-handlers.ts'
export {
  buildAlerts,
  buildHssRouting,
  buildQueries,
  buildStatusQueries,
  type HssRoutingSurroundings,
  type Legs,
} from './build.ts'
export {
  checkHssRouting,
  checkProtocols,
  type HssRoutingConfig,
  hssRoutingSchema,
  hssRoutingSections,
} from './config.ts'
export { QUERY_APPLICATIONS } from './diameter-queries.ts'
export type { Queries, Refusal, RoutingAnswer } from './router.ts'

export { mapAlertHandlers, serveAlerts } from './alert-handlers.ts'
export {
  buildAlerts,
  buildHssRouting,
  buildQueries,
  buildStatusQueries,
  type HssRoutingSurroundings,
  type Legs,
  type Queries,
} from './build.ts'
export {
  checkHssRouting,
  checkProtocols,
  type HssRoutingConfig,
  hssRoutingSchema,
  hssRoutingSections,
} from './config.ts'
export { reportedNodes } from './delivery-status.ts'
export type { Refusal, RoutingAnswer, Target } from './router.ts'
export { QUERY_APPLICATIONS } from './s6c-routing.ts'

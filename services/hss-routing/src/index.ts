export { buildHssRouting, type HssRoutingSurroundings } from './build.ts'
export {
  checkHssRouting,
  type HssRoutingConfig,
  hssRoutingSchema,
  hssRoutingSections,
} from './config.ts'
export type { Queries, Refusal, RoutingAnswer } from './router.ts'

export { buildCorrelation, type CorrelationSurroundings } from './build.ts'
export {
  type CorrelationConfig,
  checkCorrelation,
  correlationSections,
  correlationServiceSchema,
} from './config.ts'

export {
  createLogger,
  LOG_LEVELS,
  type Logger,
  type LoggerOptions,
  type LogLevel,
  rateLimited,
} from './logger.ts'
export { maskDigits, maskNumber, maskUri } from './mask.ts'
export { type AboutMessage, messageFields } from './message-fields.ts'
export {
  Counter,
  counter,
  createRegistry,
  Gauge,
  gauge,
  Histogram,
  histogram,
  INTERNAL_BUCKETS_SECONDS,
  type LabelValues,
  NETWORK_BUCKETS_SECONDS,
  type Registry,
  type TracedHistogram,
  tracedHistogram,
} from './metrics.ts'
export { SpanAttribute, type SpanAttributes } from './span-attributes.ts'
export { isTraceparent, type SpanOptions, startSpan, type TraceSpan, traceparentHere } from './tracing.ts'

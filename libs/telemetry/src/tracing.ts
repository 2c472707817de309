import { type Context, ROOT_CONTEXT, type Span, SpanStatusCode, TraceFlags, trace } from '@opentelemetry/api'

/** A step of a message that has ended, with what may be said of it: no text, no number. */
export interface TracedStep {
  readonly name: string
  readonly startMs: number
  readonly endMs: number
  readonly attributes: Readonly<Record<string, string | number>>
  /** Why it failed, as a cause's name. */
  readonly failure?: string
}

/** What a sampler needs to know of a message. */
export interface TraceHead {
  readonly name: string
  readonly startMs: number
  /** W3C trace context of the neighbour, if it sent one. */
  readonly traceparent?: string
}

/** The rest, asked for only when the message is sampled. */
export interface TraceBody extends Omit<TracedStep, 'name' | 'startMs'> {
  readonly steps: readonly TracedStep[]
}

const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/

/** Whether a header's value is a W3C trace context that can be continued. */
export function isTraceparent(value: string): boolean {
  const match = TRACEPARENT.exec(value)
  return match !== null && !/^0+$/.test(match[1] as string) && !/^0+$/.test(match[2] as string)
}

/**
 * Writes the trace of a message when everything about it is known: one span for the whole, one for each step. Without
 * the SDK (see preload.ts), or for a message that is not sampled, it does nothing. Returns the trace's id if there is one.
 */
export function traceMessage(head: TraceHead, body: () => TraceBody): string | undefined {
  const tracer = trace.getTracer('ipsmgw')
  const whole = tracer.startSpan(head.name, { startTime: new Date(head.startMs) }, parentOf(head.traceparent))
  if (!whole.isRecording()) return undefined
  const { attributes, steps, ...ending } = body()
  whole.setAttributes(attributes)
  const inside = trace.setSpan(ROOT_CONTEXT, whole)
  for (const step of steps)
    end(
      tracer.startSpan(step.name, { startTime: new Date(step.startMs), attributes: step.attributes }, inside),
      step,
    )
  end(whole, ending)
  return whole.spanContext().traceId
}

function end(span: Span, { failure, endMs }: Pick<TracedStep, 'failure' | 'endMs'>): void {
  if (failure !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: failure })
  span.end(new Date(endMs))
}

function parentOf(traceparent: string | undefined): Context {
  const match = traceparent === undefined ? null : TRACEPARENT.exec(traceparent)
  if (match === null) return ROOT_CONTEXT
  const [, traceId = '', spanId = '', flags = ''] = match
  const traceFlags = Number.parseInt(flags, 16) & TraceFlags.SAMPLED
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true })
}

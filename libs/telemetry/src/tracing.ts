import {
  type Context,
  context,
  isSpanContextValid,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
} from '@opentelemetry/api'
import { SpanAttribute, type SpanAttributes, withFormerNames } from './span-attributes.ts'

const KINDS = {
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
  internal: SpanKind.INTERNAL,
} as const

export interface SpanOptions {
  readonly kind: keyof typeof KINDS
  /** W3C trace context that it belongs to. Without one a server begins a trace; anything else is in none. */
  readonly parent: string | undefined
  /** Asked for only when it is recorded. */
  attributes(): SpanAttributes
}

/** One step of a message. Where it is not recorded, everything does nothing, and the context is passed on all the same. */
export interface TraceSpan {
  /** W3C trace context of what it causes. */
  readonly traceparent: string | undefined
  /** Id of its trace, if it is recorded. */
  readonly traceId: string | undefined
  /** Runs work; spans that it makes, then or later, find this one as the place where they are. */
  run<T>(work: () => T): T
  set(attributes: SpanAttributes): void
  /** Ended once; with a failure it counts as an error, and that is what tail sampling keeps. */
  end(failure?: string): void
}

const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/

/** Whether a header's value is a W3C trace context that can be continued. */
export function isTraceparent(value: string): boolean {
  const match = TRACEPARENT.exec(value)
  return match !== null && !/^0+$/.test(match[1] as string) && !/^0+$/.test(match[2] as string)
}

/** Begins a span. Without the SDK (see preload.ts), or in a trace that is not sampled, it costs next to nothing. */
export function startSpan(name: string, { kind, parent, attributes }: SpanOptions): TraceSpan {
  const within = contextOf(parent)
  const remote = trace.getSpanContext(within)
  if (kind !== 'server' && !isSampled(remote)) return remote === undefined ? NOWHERE : new Untraced(within)
  const span = trace.getTracer('ipsmgw').startSpan(name, { kind: KINDS[kind] }, within)
  if (!span.isRecording())
    return isSpanContextValid(span.spanContext()) ? new Untraced(trace.setSpan(ROOT_CONTEXT, span)) : NOWHERE
  span.setAttributes(withFormerNames(attributes()))
  return new Traced(span)
}

/**
 * Where the running work is in the trace of a message: the span whose `run` it is in, or the message's own place when
 * that span is another message's, since work that many share (a timer, a queue) runs where one of them began it.
 */
export function traceparentHere(own?: string): string | undefined {
  const active = trace.getSpanContext(context.active())
  if (active === undefined || !isSpanContextValid(active)) return own
  return own === undefined || own.includes(active.traceId) ? written(active) : own
}

/** A span that is exported. */
class Traced implements TraceSpan {
  readonly #span: Span

  constructor(span: Span) {
    this.#span = span
  }

  get traceparent(): string {
    return written(this.#span.spanContext())
  }

  get traceId(): string {
    return this.#span.spanContext().traceId
  }

  run<T>(work: () => T): T {
    return context.with(trace.setSpan(ROOT_CONTEXT, this.#span), work)
  }

  set(attributes: SpanAttributes): void {
    this.#span.setAttributes(withFormerNames(attributes))
  }

  end(failure?: string): void {
    if (failure !== undefined)
      this.#span.setAttribute(SpanAttribute.errorType, failure).setStatus({ code: SpanStatusCode.ERROR })
    this.#span.end()
  }
}

/** None: what it causes is in the trace of the caller, or in none. */
class Untraced implements TraceSpan {
  readonly traceId = undefined
  readonly #context: Context

  constructor(within: Context) {
    this.#context = within
  }

  /** The sampler's no is passed on, so that nobody after us says yes. */
  get traceparent(): string | undefined {
    const here = trace.getSpanContext(this.#context)
    return here !== undefined && isSpanContextValid(here) ? written(here) : undefined
  }

  run<T>(work: () => T): T {
    return context.with(this.#context, work)
  }

  set(): void {}

  end(): void {}
}

/** Where there is no trace at all. */
const NOWHERE: TraceSpan = new Untraced(ROOT_CONTEXT)

function contextOf(traceparent: string | undefined): Context {
  const match = traceparent === undefined ? null : TRACEPARENT.exec(traceparent)
  if (match === null) return ROOT_CONTEXT
  const [, traceId = '', spanId = '', flags = ''] = match
  const traceFlags = Number.parseInt(flags, 16) & TraceFlags.SAMPLED
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true })
}

function isSampled(place: SpanContext | undefined): boolean {
  return place !== undefined && (place.traceFlags & TraceFlags.SAMPLED) !== 0
}

function written({ traceId, spanId, traceFlags }: SpanContext): string {
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`
}

/** What a record tells of the message it is of. */
export interface AboutMessage {
  readonly messageId: string
  /** W3C trace context. */
  readonly traceparent?: string | undefined
}

const TRACE_ID = { start: 3, end: 35 }

/** What every log line about one message carries: its id, and the id of its trace where there is one. */
export function messageFields({ messageId, traceparent }: AboutMessage): {
  readonly messageId: string
  readonly traceId?: string
} {
  if (traceparent === undefined) return { messageId }
  return { messageId, traceId: traceparent.slice(TRACE_ID.start, TRACE_ID.end) }
}

import {
  type AboutMessage,
  SpanAttribute,
  startSpan,
  type TraceSpan,
  traceparentHere,
} from '@ipsmgw/telemetry'
import type { BusRecord, RecordId } from './bus.ts'

/** The bus as a trace names it. */
export interface BusIdentity {
  readonly system: 'kafka' | 'memory'
  /** Before the names of topics and groups. */
  readonly prefix: string
  readonly clientId?: string
}

/** The part of a record that says which message it is of. */
interface OfMessage {
  readonly messageId?: unknown
  readonly traceparent?: unknown
}

/** A record on its way to the bus: child of what is being done, or of the message itself where nothing is. */
export function startSend(topic: string, value: unknown, identity: BusIdentity): TraceSpan {
  const { messageId, traceparent } = messageOf(value)
  const destination = identity.prefix + topic
  return startSpan(`send ${destination}`, {
    kind: 'producer',
    parent: typeof traceparent === 'string' ? traceparentHere(traceparent) : undefined,
    attributes: () => ({ ...operation('send', destination, identity), ...identityOf(messageId) }),
  })
}

/** Ends it as the bus has taken the record, or has not; without a promise it has. */
export function endSend(span: TraceSpan, sent?: Promise<void>): Promise<void> {
  if (sent !== undefined && span.traceId !== undefined) return ended(span, sent)
  span.end()
  return sent ?? Promise.resolve()
}

async function ended(span: TraceSpan, work: Promise<void>): Promise<void> {
  try {
    await work
    span.end()
  } catch (error) {
    span.end(nameOf(error))
    throw error
  }
}

/** Does what a record asks for, as the child of whoever sent it. Synchronous when the handler is. */
export function processed(
  record: BusRecord<unknown>,
  group: string | undefined,
  identity: BusIdentity,
  handle: () => Promise<void> | void,
): Promise<void> | void {
  const destination = identity.prefix + record.topic
  const span = startSpan(`process ${destination}`, {
    kind: 'consumer',
    parent: record.traceparent,
    attributes: () => ({
      ...operation('process', destination, identity),
      ...identityOf(messageOf(record.value).messageId),
      ...(group !== undefined && { [SpanAttribute.messagingGroup]: identity.prefix + group }),
      [SpanAttribute.messagingPartition]: String(record.partition),
      ...(identity.system === 'kafka' && { [SpanAttribute.kafkaOffset]: record.offset }),
    }),
  })
  try {
    const begun = span.run(handle)
    // Nothing is kept beside the work of a message that no trace is made of.
    if (begun !== undefined && span.traceId !== undefined) return ended(span, begun)
    span.end()
    return begun
  } catch (error) {
    span.end(nameOf(error))
    throw error
  }
}

function operation(name: 'send' | 'process', destination: string, { system, clientId }: BusIdentity) {
  return {
    [SpanAttribute.messagingSystem]: system,
    [SpanAttribute.messagingOperationName]: name,
    [SpanAttribute.messagingOperationType]: name,
    [SpanAttribute.messagingDestination]: destination,
    ...(clientId !== undefined && { [SpanAttribute.messagingClientId]: clientId }),
  }
}

/** Most records are of one message; reports and notifications hold it one level down, ticks are of none. */
function messageOf(value: unknown): OfMessage {
  const { report, notification } = value as { report?: OfMessage; notification?: OfMessage }
  return report ?? notification ?? (value as OfMessage)
}

/** A record without what it holds, but with the message it is of. */
export function recordIdOf(record: BusRecord<unknown>, lengthOctets: number): RecordId {
  const { topic, partition, offset } = record
  const { messageId, traceparent } = messageOf(record.value)
  const about: AboutMessage | undefined =
    typeof messageId === 'string'
      ? { messageId, traceparent: typeof traceparent === 'string' ? traceparent : undefined }
      : undefined
  return { topic, partition, offset, lengthOctets, ...(about !== undefined && { about }) }
}

function identityOf(messageId: unknown): { [SpanAttribute.messagingMessageId]?: string } {
  return typeof messageId === 'string' ? { [SpanAttribute.messagingMessageId]: messageId } : {}
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : 'unknown'
}

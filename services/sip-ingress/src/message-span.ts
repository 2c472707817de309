import type { IncomingRequest, SipRequest } from '@ipsmgw/sip'
import { isTraceparent, SpanAttribute, startSpan, type TraceSpan } from '@ipsmgw/telemetry'
import type { PeerConfig } from './peers.ts'

/** The span of a message that was taken: from its arrival to its final answer, around all others of its trace. */
export function startMessageSpan(
  { message, source }: IncomingRequest,
  messageId: string,
  peer: PeerConfig,
): TraceSpan {
  return startSpan('SIP MESSAGE', {
    kind: 'server',
    parent: neighbourTrace(message, peer),
    attributes: () => ({
      [SpanAttribute.messageId]: messageId,
      [SpanAttribute.sipMethod]: message.method,
      [SpanAttribute.peer]: peer.name,
      // TLS is a way over TCP.
      [SpanAttribute.networkTransport]: source.transport === 'udp' ? 'udp' : 'tcp',
      [SpanAttribute.networkPeerAddress]: source.address,
      [SpanAttribute.networkPeerPort]: source.port,
    }),
  })
}

/** Anything but a delivery is an error here, whatever the sender is told of it. */
export function endMessageSpan(span: TraceSpan, status: number, cause: string): void {
  span.set({ [SpanAttribute.sipStatus]: status, [SpanAttribute.cause]: cause })
  span.end(cause === 'delivered' ? undefined : cause)
}

/** The trace of a neighbour is continued only when the neighbour is believed. */
export function neighbourTrace({ headers }: SipRequest, peer: PeerConfig | undefined): string | undefined {
  const traceparent = peer?.trusted === true ? headers.get('traceparent') : undefined
  return traceparent !== undefined && isTraceparent(traceparent) ? traceparent : undefined
}

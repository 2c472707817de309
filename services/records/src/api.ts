import type { TimelineEntry } from '@ipsmgw/events'
import { maskDigits, maskNumber, maskUri } from '@ipsmgw/telemetry'
import type { FastifyInstance } from 'fastify'
import Type from 'typebox'
import type { EndedMessage } from './charging-record.ts'
import type { RecordStore } from './store.ts'

/**
 * The message API: what became of a message, by messageId or by the Call-ID of its SIP request. Numbers are
 * masked, text is never here. A message appears with its decision, before its SIP final leaves.
 */
export function messageRoutes(server: FastifyInstance, store: RecordStore): void {
  server.get<{ Querystring: { callId: string } }>(
    '/api/messages',
    { schema: { querystring: Type.Object({ callId: Type.String({ minLength: 1, maxLength: 512 }) }) } },
    (request) => store.byCallId(request.query.callId).map(present),
  )
  server.get<{ Params: { messageId: string } }>('/api/messages/:messageId', (request, reply) => {
    const record = store.byId(request.params.messageId)
    if (record === undefined)
      return reply.code(404).send({ error: 'no such message: it is unknown, still under way, or too old' })
    return present(record)
  })
}

function present(completion: EndedMessage) {
  return {
    messageId: completion.messageId,
    callId: completion.callId,
    status: completion.final.status,
    reason: completion.final.reasonPhrase,
    outcome: completion.outcome,
    cause: completion.cause,
    parts: completion.parts,
    partsDelivered: completion.partsDelivered,
    peer: completion.peer,
    sender: completion.anonymous === true ? 'anonymous' : mask(completion.sender),
    recipient: mask(completion.recipient),
    originator: mask(completion.originator),
    imsi: mask(completion.imsi),
    receivedAt: new Date(completion.receivedAtMs).toISOString(),
    decidedAt: new Date(completion.decidedAtMs).toISOString(),
    durationMs: completion.decidedAtMs - completion.receivedAtMs,
    timeline: completion.timeline.toSorted(byTime).map(({ atMs, detail, ...entry }) => ({
      ...entry,
      time: new Date(atMs).toISOString(),
      sinceStartMs: atMs - completion.receivedAtMs,
      ...(detail !== undefined && { detail: maskDigits(detail) }),
    })),
  }
}

/** Reports may come in any order; people read them in the order of what happened. */
function byTime(a: TimelineEntry, b: TimelineEntry): number {
  return a.atMs - b.atMs
}

function mask(identity: string | undefined): string | undefined {
  if (identity === undefined) return undefined
  return identity.includes(':') ? maskUri(identity) : maskNumber(identity)
}

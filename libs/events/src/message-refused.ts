import Type, { type Static } from 'typebox'
import { defineTopic } from './define.ts'
import { EpochMs } from './envelope.ts'
import { SipFinalStatus } from './message-completed.ts'

const Identity = Type.String({ maxLength: 2048 })

/**
 * `message.refused`: a message that sip-ingress refused before it went into the pipeline. A topic of its own, since
 * `message.completed` holds decisions: a copy of the same message may still be taken elsewhere.
 */
export const messageRefusedSchema = Type.Object({
  messageId: Type.String({ minLength: 16, maxLength: 64 }),
  receivedAtMs: EpochMs,
  refusedAtMs: EpochMs,
  why: Type.String({ maxLength: 64, description: 'one word, as in the metric' }),
  final: SipFinalStatus,
  callId: Type.String({ maxLength: 512 }),
  peer: Type.String({ maxLength: 128 }),
  sender: Type.Optional(Identity),
  recipient: Type.Optional(Identity),
  anonymous: Type.Optional(Type.Boolean()),
  icid: Type.Optional(Type.String({ maxLength: 256 })),
  origIoi: Type.Optional(Type.String({ maxLength: 256 })),
})
export type MessageRefused = Static<typeof messageRefusedSchema>

export const messageRefused = defineTopic({
  name: 'message.refused',
  version: 1,
  schema: messageRefusedSchema,
  retentionMs: 7 * 24 * 3_600_000,
  partitioning: 'pipeline',
  key: (value) => value.messageId,
})

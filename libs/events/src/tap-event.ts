import Type, { type Static } from 'typebox'
import { defineTopic } from './define.ts'
import { EpochMs } from './envelope.ts'
import { imReceivedSchema } from './im-received.ts'

const { messageId, sip, recipient, sender, text, contentType, thread, charging } = imReceivedSchema.properties

/** A message of a target: who really sent what to whom, before policy, whatever becomes of it. */
const Copy = Type.Object({
  targets: Type.Array(Type.String({ maxLength: 128 }), {
    minItems: 1,
    description: 'references of the list',
  }),
  messageId,
  receivedAtMs: EpochMs,
  sip,
  recipient,
  sender,
  text,
  contentType,
  thread,
  charging,
})

/** The audit: which list is in force where since when. */
const List = Type.Object({
  state: Type.Enum(['loaded', 'refused'], { description: 'a refused list leaves the one before in force' }),
  targets: Type.Integer({ minimum: 0 }),
  digest: Type.String({
    maxLength: 64,
    description: 'SHA-256 of the file, hex; empty when it cannot be read',
  }),
})

const tapEventSchema = Type.Object({
  atMs: EpochMs,
  instance: Type.String({ maxLength: 64, description: 'sip-ingress that tells it' }),
  copy: Type.Optional(Copy),
  list: Type.Optional(List),
})
export type TapEvent = Static<typeof tapEventSchema>

/**
 * `tap.events`: what a mediation function reads, and nobody else. Copies and audit stand in one topic, so that nothing
 * of either shows in logs, metrics or records. What became of a message is in `message.completed` by its messageId.
 */
export const tapEvent = defineTopic({
  name: 'tap.events',
  version: 1,
  schema: tapEventSchema,
  retentionMs: 7 * 24 * 3_600_000,
  partitioning: 'single',
  key: ({ copy, instance }) => copy?.messageId ?? instance,
})

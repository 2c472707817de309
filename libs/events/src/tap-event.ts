import Type, { type Static } from 'typebox'
import { defineTopic } from './define.ts'
import { Cause, EpochMs } from './envelope.ts'
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

/** What became of a message that was copied: when its sender is answered, and again when more is known later. */
const Outcome = Type.Object({
  targets: Copy.properties.targets,
  messageId,
  sip,
  recipient,
  sender,
  state: Type.Enum(['ended', 'amended']),
  outcome: Type.Enum(['delivered', 'failed', 'unknown'], { description: 'what is known of the phone' }),
  cause: Cause,
  status: Type.Optional(
    Type.Integer({ minimum: 200, maximum: 699, description: 'what the sender was answered; when ended' }),
  ),
  partsDelivered: Type.Optional(
    Type.Integer({ minimum: 0, description: 'parts 1 to this one were acknowledged by the phone' }),
  ),
  parts: Type.Optional(Type.Integer({ minimum: 0 })),
})
export type TapOutcome = Static<typeof Outcome>

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
  outcome: Type.Optional(Outcome),
  list: Type.Optional(List),
})
export type TapEvent = Static<typeof tapEventSchema>

/**
 * `tap.events`: what a mediation function reads, and nobody else. Copies, outcomes and audit stand in one topic, so that
 * nothing of them shows in logs, metrics or records. An outcome is told by the instance that told the copy, while it
 * lives: a copy that stays without one is answered by `message.completed`, which is written in any case.
 */
export const tapEvent = defineTopic({
  name: 'tap.events',
  version: 1,
  schema: tapEventSchema,
  retentionMs: 7 * 24 * 3_600_000,
  partitioning: 'single',
  key: ({ copy, outcome, instance }) => (copy ?? outcome)?.messageId ?? instance,
})

import Type, { type Static } from 'typebox'
import { defineTopic } from './define.ts'
import { EpochMs } from './envelope.ts'

/** `dead-letter`: a record that could not be processed, and why; never its text or numbers. */
export const deadLetterSchema = Type.Object({
  topic: Type.String({ maxLength: 128 }),
  partition: Type.Integer({ minimum: 0 }),
  offset: Type.String({ maxLength: 32 }),
  atMs: EpochMs,
  by: Type.String({ maxLength: 64 }),
  code: Type.String({ maxLength: 64 }),
  detail: Type.String({ maxLength: 256 }),
  lengthOctets: Type.Integer({ minimum: 0 }),
})

export type DeadLetter = Static<typeof deadLetterSchema>

export const deadLetter = defineTopic({
  name: 'dead-letter',
  version: 1,
  schema: deadLetterSchema,
  retentionMs: 7 * 24 * 3_600_000,
  partitioning: 'single',
  key: (value) => value.topic,
})

import { kafkaSchema } from '@ipsmgw/bus'
import { httpSchema, ordinalSchema } from '@ipsmgw/runtime'
import Type, { type Static } from 'typebox'

const recordsSchema = Type.Object(
  {
    capacity: Type.Integer({
      default: 100_000,
      minimum: 1,
      description: 'messages kept for the message API',
    }),
    replayWindowMs: Type.Integer({
      default: 3_600_000,
      minimum: 0,
      description: 'completions are read again this far back at the start',
    }),
  },
  { additionalProperties: false, default: {} },
)

/** Settings of this service besides those of every service (http, kafka). */
export const recordsSections = { records: recordsSchema } as const

/** All settings of the process. */
export const recordsServiceSchema = Type.Object(
  { http: httpSchema, kafka: kafkaSchema, ordinal: ordinalSchema, ...recordsSections },
  { additionalProperties: false },
)

const sections = Type.Object({ ordinal: ordinalSchema, ...recordsSections })
export type RecordsConfig = Static<typeof sections>

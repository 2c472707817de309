import { kafkaSchema } from '@ipsmgw/bus'
import { httpSchema, ordinalSchema } from '@ipsmgw/runtime'
import Type, { type Static } from 'typebox'
import { CHARGING_FORMATS } from './charging-record.ts'

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
    charging: Type.Object(
      {
        directory: Type.String({
          default: '',
          description: 'folder of charging records; empty: none are written',
        }),
        format: Type.Enum(CHARGING_FORMATS, { default: 'csv' }),
        maximumOctets: Type.Integer({
          default: 10_000_000,
          minimum: 1_000,
          description: 'a file is closed at this size',
        }),
        maximumAgeMs: Type.Integer({
          default: 300_000,
          minimum: 1_000,
          description: 'a file is closed this long after its first record',
        }),
        keepMs: Type.Integer({
          default: 604_800_000,
          minimum: 0,
          description: 'closed files older than this are removed; 0: never',
        }),
      },
      { additionalProperties: false, default: {} },
    ),
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

import Type, { type Static } from 'typebox'

export const recordsSchema = Type.Object(
  {
    capacity: Type.Integer({
      default: 100_000,
      minimum: 1,
      description: 'messages kept for the message API',
    }),
  },
  { additionalProperties: false, default: {} },
)
export type RecordsConfig = Static<typeof recordsSchema>

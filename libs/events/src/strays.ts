import Type, { type Static } from 'typebox'
import { defineTopic } from './define.ts'

const ADDRESS = { pattern: '^([0-9a-f]{2}){1,32}$', description: 'SCCP address, hex' }

const straySchema = Type.Object({
  atMs: Type.Integer({ minimum: 0 }),
  called: Type.String(ADDRESS),
  calling: Type.String(ADDRESS),
  data: Type.String({ maxLength: 8_192, description: 'TCAP message, base64' }),
  originPointCode: Type.Optional(Type.Integer({ minimum: 0, maximum: 0x3fff })),
})

/** A TCAP message that the STP gave to another replica than the one whose dialogue it is of. */
export type Stray = Static<typeof straySchema>

const strayTopic = (name: string) =>
  defineTopic({
    name,
    version: 1,
    schema: straySchema,
    retentionMs: 60_000,
    partitioning: 'reply',
    key: () => '',
  })

/** `hss-routing.strays`, `sm-delivery.strays`: partition = ordinal of the replica that the transaction id names. */
export const hssRoutingStrays = strayTopic('hss-routing.strays')
export const smDeliveryStrays = strayTopic('sm-delivery.strays')

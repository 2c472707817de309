import Type, { type Static } from 'typebox'
import { defineTopic } from './define.ts'
import { EpochMs, envelope } from './envelope.ts'
import { Home, SmsmiCorrelation } from './sm-outcome.ts'
import { Recipient, Routing, Tpdus } from './sm-prepared.ts'

const Digits = Type.String({ pattern: '^[0-9]{1,20}$' })

/** One node that serves the recipient, as routing named it, with the protocol that reaches it. */
export const ServingNode = Type.Object({
  kind: Type.Enum(['msc', 'mme', 'sgsn', 'smsf']),
  protocol: Type.Enum(['sgd', 'map']),
  number: Type.Optional(Digits),
  host: Type.Optional(Type.String({ maxLength: 255, description: 'Diameter identity' })),
  realm: Type.Optional(Type.String({ maxLength: 255 })),
  lmsi: Type.Optional(Type.String({ pattern: '^[0-9a-f]{8}$' })),
})
export type ServingNode = Static<typeof ServingNode>

/** `sm.routed`: where the Short Message goes. Keyed by the phone, so that one phone is one lane. */
export const smRoutedSchema = Type.Object({
  ...envelope,
  deliveryKey: Type.String({
    minLength: 16,
    maxLength: 64,
    description: 'HMAC of the MSISDN, else of the IMSI',
  }),
  imsi: Digits,
  recipient: Recipient,
  nodes: Type.Array(ServingNode, { minItems: 1, maxItems: 4 }),
  tpdus: Tpdus,
  routing: Routing,
  expiresAtMs: Type.Optional(EpochMs),
  early: Type.Boolean(),
  hidden: Type.Optional(
    Type.Boolean({ description: 'as in sm.prepared; absent where nobody is told anyway' }),
  ),
  home: Type.Optional(Home),
  correlation: Type.Optional(SmsmiCorrelation),
})

export type SmRouted = Static<typeof smRoutedSchema>

export const smRouted = defineTopic({
  name: 'sm.routed',
  version: 1,
  schema: smRoutedSchema,
  retentionMs: 30 * 60_000,
  partitioning: 'pipeline',
  key: (value) => value.deliveryKey,
})

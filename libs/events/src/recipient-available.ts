import Type, { type Static } from 'typebox'
import { defineTopic } from './define.ts'
import { EpochMs } from './envelope.ts'
import { SmsmiCorrelation } from './sm-outcome.ts'

const Digits = Type.String({ pattern: '^[0-9]{1,20}$' })

/**
 * `recipient.available`: the network says that a phone can be reached again. The same alert may come more than once,
 * over two paths or after a crash: then with the same `alertId`.
 */
export const recipientAvailableSchema = Type.Object({
  alertId: Type.String({ minLength: 16, maxLength: 64, description: 'the same for copies of one alert' }),
  deliveryKey: Type.String({
    minLength: 16,
    maxLength: 64,
    description: 'HMAC of the MSISDN, else the IMSI, else the SIP URI of the correlation',
  }),
  atMs: EpochMs,
  protocol: Type.Enum(['s6c', 'map']),
  msisdn: Type.Optional(Digits),
  imsi: Type.Optional(Digits),
  correlation: Type.Optional(SmsmiCorrelation),
  untilMs: Type.Optional(Type.Integer({ minimum: 0, description: 'the phone sleeps again then' })),
  newNode: Type.Boolean({ description: 'under another serving node: routing must be asked again' }),
})
export type RecipientAvailable = Static<typeof recipientAvailableSchema>

export const recipientAvailable = defineTopic({
  name: 'recipient.available',
  version: 1,
  schema: recipientAvailableSchema,
  retentionMs: 7 * 24 * 3_600_000,
  partitioning: 'pipeline',
  key: (value) => value.deliveryKey,
})

import Type, { type Static } from 'typebox'
import { defineTopic } from './define.ts'
import { EpochMs, envelope } from './envelope.ts'

const Digits = Type.String({ pattern: '^[0-9]{1,20}$' })

/** What ties the requests about one message to a user without a number together (TS 29.338, SMSMI-Correlation-ID). */
export const SmsmiCorrelation = Type.Object({
  hssId: Type.String({ minLength: 1, maxLength: 255 }),
  originatingUri: Type.Optional(Type.String({ maxLength: 2048, description: 'unless the sender hides' })),
  destinationUri: Type.String({ maxLength: 2048 }),
})
export type SmsmiCorrelation = Static<typeof SmsmiCorrelation>

/** Who keeps the waiting data of the recipient, and what it said of them when it was asked for routing. */
export const Home = Type.Object({
  protocol: Type.Enum(['s6c', 'map']),
  host: Type.Optional(Type.String({ maxLength: 255, description: 'Diameter identity of the HSS' })),
  msisdn: Type.Optional(Digits),
  waiting: Type.Boolean({ description: 'it holds this service centre in its list of waiting messages' }),
  singleAttempt: Type.Boolean({ description: 'it was asked to keep nothing for this message' }),
  correlation: Type.Optional(SmsmiCorrelation),
})
export type Home = Static<typeof Home>

/** What the home network may have to know of one node that was tried. */
export const NodeOutcome = Type.Object({
  kind: Type.Enum(['msc', 'mme', 'sgsn', 'smsf']),
  outcome: Type.Enum(['delivered', 'absent', 'memory-full', 'other']),
  diagnostic: Type.Optional(Type.Integer({ minimum: 0, maximum: 255, description: 'of absence, TS 23.040' })),
})
export type NodeOutcome = Static<typeof NodeOutcome>

/** `sm.outcome`: how a message ended at each node, for the home network; it never takes part in the answer. */
export const smOutcomeSchema = Type.Object({
  ...envelope,
  deliveryKey: Type.String({ minLength: 16, maxLength: 64 }),
  atMs: EpochMs,
  imsi: Type.Optional(Digits),
  home: Home,
  ending: Type.Enum(['delivered', 'failed', 'unknown']),
  nodes: Type.Array(NodeOutcome, { minItems: 1, maxItems: 4 }),
})
export type SmOutcome = Static<typeof smOutcomeSchema>

export const smOutcome = defineTopic({
  name: 'sm.outcome',
  version: 1,
  schema: smOutcomeSchema,
  retentionMs: 7 * 24 * 3_600_000,
  partitioning: 'pipeline',
  key: (value) => value.deliveryKey,
})

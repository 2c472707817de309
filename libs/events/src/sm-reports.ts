import Type, { type Static } from 'typebox'
import { defineTopic } from './define.ts'
import { Cause, EpochMs, envelope } from './envelope.ts'

/**
 * What a step did. `attempted` is durable before the part leaves; `acknowledged` is the phone's answer to one
 * part; `failed` ends the message, `outcome` says whether it proves that nothing (more) was delivered.
 */
export const REPORT_STEPS = [
  'converted', // im-to-sms: TPDUs are ready
  'routed', // hss-routing: serving nodes are known
  'attempted', // sm-delivery: the part leaves now
  'acknowledged', // sm-delivery: the phone has the part
  'failed', // any: no further part will be sent
  'duplicate', // sm-delivery: seen before, nothing is sent
] as const
export type ReportStep = (typeof REPORT_STEPS)[number]

export const smReportSchema = Type.Object({
  ...envelope,
  step: Type.Enum(REPORT_STEPS),
  by: Type.String({ maxLength: 64, description: 'service' }),
  atMs: EpochMs,
  part: Type.Optional(Type.Integer({ minimum: 1, maximum: 255 })),
  parts: Type.Optional(Type.Integer({ minimum: 1, maximum: 255 })),
  peer: Type.Optional(
    Type.String({ maxLength: 255, description: 'network node, by identity or masked number' }),
  ),
  cause: Type.Optional(Cause),
  outcome: Type.Optional(
    Type.Enum(['proof', 'unknown'], { description: 'of a failure: not delivered, or unknown' }),
  ),
  detail: Type.Optional(Type.String({ maxLength: 256, description: 'for humans; no number, no text' })),
  originator: Type.Optional(
    Type.String({
      maxLength: 64,
      description:
        'of converted, else of routed, where the HSS was asked: TP-OA, as number or text; for the completion record',
    }),
  ),
  imsi: Type.Optional(
    Type.String({ pattern: '^[0-9]{1,20}$', description: 'of routed; for the completion record' }),
  ),
  retryAfterSeconds: Type.Optional(Type.Integer({ minimum: 0, maximum: 86_400 })),
  attempt: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 2,
      description: 'of routing, by routing and delivery; absent: the first',
    }),
  ),
})

export type SmReport = Static<typeof smReportSchema>

/** `sm.reports`: the log of truth, and correlation's own ticks in the same partitions. */
export const smReports = defineTopic({
  name: 'sm.reports',
  version: 1,
  schema: Type.Object({
    report: Type.Optional(smReportSchema),
    tick: Type.Optional(
      Type.Object(
        { atMs: EpochMs, instance: Type.String({ maxLength: 64 }) },
        { description: 'correlation has produced this at atMs: what is behind it is younger' },
      ),
    ),
  }),
  retentionMs: 30 * 60_000,
  partitioning: 'pipeline',
  key: (value) => value.report?.recipientKey ?? 'tick',
})

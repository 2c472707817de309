import type { MessageCompleted, MessageRefused, TimelineEntry } from '@ipsmgw/events'

type Value = string | number | boolean | undefined

/** A message that has come to an end, one way or the other. */
export interface EndedMessage extends Omit<MessageCompleted, 'kind'> {
  readonly kind: MessageCompleted['kind'] | 'refusal'
}

/** A refusal as the end of a message: nothing of it was sent. */
export function endOf({ refusedAtMs, why, ...refused }: MessageRefused): EndedMessage {
  return {
    ...refused,
    kind: 'refusal',
    recipientKey: refused.messageId,
    outcome: 'failed',
    cause: why,
    parts: 0,
    partsDelivered: 0,
    decidedAtMs: refusedAtMs,
    timeline: [],
  }
}

interface Field {
  readonly name: string
  of(record: EndedMessage): Value
}

const time = (atMs: number | undefined) => (atMs === undefined ? undefined : new Date(atMs).toISOString())
const last = (record: EndedMessage, step: TimelineEntry['step']) =>
  record.timeline.findLast((entry) => entry.step === step)

/** Fields of a charging record in the order of the columns, TS 32.274 in spirit: docs/protocols/records.md. */
export const CHARGING_FIELDS: readonly Field[] = [
  { name: 'recordType', of: () => 'imToSms' },
  { name: 'recordId', of: ({ messageId, kind, outcome }) => `${messageId}-${kind}-${outcome}` },
  { name: 'kind', of: ({ kind }) => kind },
  { name: 'messageId', of: ({ messageId }) => messageId },
  { name: 'callId', of: ({ callId }) => callId },
  { name: 'icid', of: ({ icid }) => icid },
  { name: 'originatingIoi', of: ({ origIoi }) => origIoi },
  { name: 'peer', of: ({ peer }) => peer },
  { name: 'sender', of: ({ sender }) => sender },
  { name: 'senderHidden', of: ({ anonymous }) => anonymous },
  { name: 'recipient', of: ({ recipient }) => recipient },
  { name: 'receivedAt', of: ({ receivedAtMs }) => time(receivedAtMs) },
  { name: 'forwardedAt', of: (record) => time(last(record, 'attempted')?.atMs) },
  { name: 'acknowledgedAt', of: (record) => time(last(record, 'acknowledged')?.atMs) },
  { name: 'decidedAt', of: ({ decidedAtMs }) => time(decidedAtMs) },
  { name: 'homeNode', of: (record) => last(record, 'routed')?.peer },
  {
    name: 'servingNode',
    of: (record) => last(record, 'acknowledged')?.peer ?? last(record, 'attempted')?.peer,
  },
  { name: 'parts', of: ({ parts }) => parts },
  { name: 'partsDelivered', of: ({ partsDelivered }) => partsDelivered },
  { name: 'outcome', of: ({ outcome }) => outcome },
  { name: 'cause', of: ({ cause }) => cause },
  { name: 'sipStatus', of: ({ final }) => final.status },
  { name: 'conversationId', of: ({ thread }) => thread?.conversationId },
  { name: 'contributionId', of: ({ thread }) => thread?.contributionId },
  { name: 'recipientImsi', of: ({ imsi }) => imsi },
  { name: 'originator', of: ({ originator }) => originator },
]

export const CHARGING_FORMATS = ['csv', 'json'] as const
export type ChargingFormat = (typeof CHARGING_FORMATS)[number]

interface Form {
  readonly head: string
  line(record: EndedMessage): string
}

/** One record a line, LF. CSV by RFC 4180 with a header line; JSON without fields that are not known. */
export const CHARGING_FORMS: Readonly<Record<ChargingFormat, Form>> = {
  csv: {
    head: `${CHARGING_FIELDS.map(({ name }) => name).join(',')}\n`,
    line: (record) => `${CHARGING_FIELDS.map((field) => cell(field.of(record))).join(',')}\n`,
  },
  json: {
    head: '',
    line: (record) =>
      `${JSON.stringify(Object.fromEntries(CHARGING_FIELDS.map((field) => [field.name, field.of(record)])))}\n`,
  },
}

/** Identities and Call-IDs are what senders write: quoted, and never the start of a formula in a spreadsheet. */
function cell(value: Value): string {
  if (value === undefined) return ''
  const text = String(value)
  const harmless = /^[=@\t\r]|^[+-](?![0-9]+$)/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless
}

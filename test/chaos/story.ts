import type { Account } from './judge.ts'
import type { Ledger, LedgerEntry } from './ledger.ts'
import type { LogLine } from './logs.ts'

/** Something that was done to the installation, or that happened to it. */
export interface Happening {
  readonly atMs: number
  readonly sentence: string
}

/** All that is known after a run. */
export interface Evidence {
  readonly happenings: readonly Happening[]
  readonly ledger: Ledger
  readonly logs: readonly LogLine[]
}

interface Line {
  readonly atMs: number
  readonly by: string
  readonly what: string
}

/** Trouble this long before a message was sent may have had to do with it. */
const BEFORE_MS = 15_000
const AFTER_MS = 5_000
const LONGEST_STORY = 200

/** One message from its sender's side, the bus's, the services' and its phone's, in the order of their clocks. */
export function storyOf(account: Account, { happenings, ledger, logs }: Evidence): string {
  const { message, messageId, sentAtMs, attempts, copies } = account
  const endMs = sentAtMs + account.afterMs
  const near = ({ atMs }: { atMs: number }) => atMs >= sentAtMs - BEFORE_MS && atMs <= endMs + AFTER_MS
  const lines: Line[] = [
    ...happenings.filter(near).map(({ atMs, sentence }) => ({ atMs, by: '**', what: sentence })),
    ...attempts.flatMap(({ instance, fromMs, toMs, ending }) => [
      { atMs: fromMs, by: 'sender', what: `to ${instance}` },
      ...(toMs === undefined ? [] : [{ atMs: toMs, by: 'sender', what: `${instance}: ${ending}` }]),
    ]),
    { atMs: endMs, by: 'sender', what: account.status === undefined ? 'gives up' : `has ${account.status}` },
    ...(ledger.get(messageId) ?? []).map((entry) => ({
      atMs: entry.atMs,
      by: 'bus',
      what: describeEntry(entry),
    })),
    ...logs
      .filter((line) => (line.messageId === undefined ? near(line) : line.messageId === messageId))
      .map(({ atMs, by, level, sentence }) => ({
        atMs,
        by,
        what: level === 'debug' ? sentence : `${level}: ${sentence}`,
      })),
    ...copies.map((atMs) => ({ atMs, by: 'phone', what: 'has it' })),
  ]
  lines.sort((a, b) => a.atMs - b.atMs)
  const shown = lines.slice(0, LONGEST_STORY)
  const left = lines.length - shown.length
  return [
    `"${message.text}" ${messageId}, sent ${new Date(sentAtMs).toISOString()}`,
    ...shown.map(({ atMs, by, what }) => `  ${seconds(atMs - sentAtMs)}  ${by.padEnd(14)} ${what}`),
    ...(left > 0 ? [`  ... and ${left} more`] : []),
  ].join('\n')
}

const seconds = (ms: number) => `${ms < 0 ? '' : '+'}${(ms / 1000).toFixed(3)}`.padStart(8)

/** Fields that tell something of a record, in their order. */
const TELLING = [
  'by',
  'step',
  'kind',
  'part',
  'attempt',
  'peer',
  'cause',
  'outcome',
  'detail',
  'atMs',
] as const

function describeEntry({ topic, where, value, atMs }: LedgerEntry): string {
  const told = TELLING.flatMap((name) => {
    const field = value[name]
    if (field === undefined || (name === 'atMs' && Math.abs(Number(field) - atMs) < 50)) return []
    return name === 'by' || name === 'step' || name === 'kind' ? String(field) : `${name}=${String(field)}`
  })
  const { final, reply, ordinal } = value as {
    final?: { status?: number }
    reply?: { ordinal?: number; bootId?: string }
    ordinal?: number
  }
  return [
    topic,
    `[${where}]`,
    ...told,
    ...(final?.status === undefined ? [] : [`status=${final.status}`]),
    ...(topic === 'im.received' ? [`reply=${reply?.ordinal}/${reply?.bootId?.slice(0, 8)}`] : []),
    ...(ordinal === undefined ? [] : [`to=${ordinal}/${String(value.bootId).slice(0, 8)}`]),
  ].join(' ')
}

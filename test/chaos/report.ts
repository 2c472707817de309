import { type Account, FAULTY, type Verdict } from './judge.ts'
import type { Ledger } from './ledger.ts'
import { type Evidence, storyOf } from './story.ts'

/** A run, judged, with what is known of the messages that were not simply delivered. */
export interface Outcome extends Verdict {
  readonly startedAtMs: number
  readonly evidence: Evidence
}

/** Stories of each kind of fault that a report tells in full. */
const TOLD_OF_EACH = 5
/** Refusals closer to each other than this belong together. */
const SPELL_MS = 3_000

/** The outcome in lines that a person reads, then the story of what must not have been. */
export function describeOutcome(outcome: Outcome): string {
  const faults = FAULTY.map((kind) => `  ${kind.padEnd(14)} ${outcome[kind].length}`)
  const stories = FAULTY.flatMap((kind) =>
    outcome[kind].slice(0, TOLD_OF_EACH).map((account) => `\n${kind}: ${storyOf(account, outcome.evidence)}`),
  )
  return [describeFigures(outcome, faults), ...stories].join('\n')
}

function describeFigures(outcome: Outcome, faults: readonly string[]): string {
  const { messages, delivered, unknown, failed, excused, startedAtMs, evidence } = outcome
  const arrived = unknown.filter(({ copies }) => copies.length > 0).length
  return [
    `${messages} messages, ${delivered} told 200 and delivered once`,
    ...faults,
    `  unknown (202)  ${unknown.length}, of which ${arrived} had arrived`,
    ...counted(unknown, (account) => lastKnown(account, evidence.ledger)),
    `  named windows  ${excused.length}`,
    ...counted(excused, ({ window }) => window ?? ''),
    `  failed         ${failed.length}`,
    ...counted(failed, (account) => `${account.status}, ${lastKnown(account, evidence.ledger)}`),
    ...spells(failed, startedAtMs).map((spell) => `      refused ${spell}`),
  ].join('\n')
}

/** Stories of all messages that were not simply delivered, for a file. */
export function describeAll(outcome: Outcome): string {
  const kinds = [...FAULTY, 'excused', 'unknown', 'failed'] as const
  return kinds
    .flatMap((kind) => outcome[kind].map((account) => `${kind}: ${storyOf(account, outcome.evidence)}\n`))
    .join('\n')
}

function counted(accounts: readonly Account[], label: (account: Account) => string): string[] {
  const groups = Object.entries(Object.groupBy(accounts, label))
  return groups.map(([name, group]) => `      ${group?.length} × ${name}`)
}

interface Completion {
  readonly kind?: string
  readonly cause?: string
  readonly timeline?: readonly { readonly step: string; readonly by: string }[]
}

/** What the gateway knew of a message when its sender was told; by its completion, if that came first. */
function lastKnown({ messageId, sentAtMs, afterMs }: Account, ledger: Ledger): string {
  const entries = ledger.get(messageId) ?? []
  if (entries.length === 0) return 'never taken'
  const decided = entries.find(
    ({ topic, value }) => topic === 'message.completed' && value.kind === 'completion',
  )
  if (decided === undefined) return 'answered by the ingress, no completion'
  if (decided.atMs > sentAtMs + afterMs) return 'answered by the ingress before correlation'
  const { cause, timeline = [] } = decided.value as Completion
  const last = timeline.filter(({ step }) => step !== 'answered').at(-1)
  return `${cause} after ${last?.step} by ${last?.by}`
}

/** When senders were refused: from the first to the last of each spell. */
function spells(failed: readonly Account[], startedAtMs: number): string[] {
  const times = failed.filter(({ status }) => status === 503).map(({ sentAtMs }) => sentAtMs)
  const found: { fromMs: number; toMs: number; count: number }[] = []
  for (const atMs of times.sort((a, b) => a - b)) {
    const last = found.at(-1)
    if (last !== undefined && atMs - last.toMs <= SPELL_MS) {
      last.toMs = atMs
      last.count++
    } else found.push({ fromMs: atMs, toMs: atMs, count: 1 })
  }
  const second = (ms: number) => ((ms - startedAtMs) / 1000).toFixed(1)
  return found.map(({ fromMs, toMs, count }) => `${count} sent from ${second(fromMs)} to ${second(toMs)} s`)
}

import type { Message, Told } from './front.ts'

/** One message: what its sender was told, and how often its phone has it. */
export interface Account extends Told {
  readonly message: Message
  readonly sentAtMs: number
  readonly copies: number
  /** An ingress stood still when its own timer should have answered: the sender hears 408 from its own core. */
  readonly ingressFrozen: boolean
}

/** What must not be, and what may be in the named windows only. */
export interface Verdict {
  readonly messages: number
  readonly delivered: number
  /** A phone has it twice. */
  readonly duplicates: readonly Account[]
  /** Told 200, and no phone has it. */
  readonly false200: readonly Account[]
  /** Told that it failed, and the phone has it. */
  readonly falseFailures: readonly Account[]
  /** Told nothing in time. */
  readonly unanswered: readonly Account[]
  /** The same, because the ingress that had the request was frozen then (a named window). */
  readonly frozen: readonly Account[]
  /** Told 202: the outcome is not known. Arrived or not, that is the truth. */
  readonly unknown: readonly Account[]
  /** Told that it failed, and it did. */
  readonly failed: readonly Account[]
}

export function judge(accounts: readonly Account[]): Verdict {
  const told = (from: number, to: number) => (account: Account) =>
    account.status !== undefined && account.status >= from && account.status <= to
  return {
    messages: accounts.length,
    delivered: accounts.filter(({ status, copies }) => status === 200 && copies === 1).length,
    duplicates: accounts.filter(({ copies }) => copies > 1),
    false200: accounts.filter(({ status, copies }) => status === 200 && copies === 0),
    falseFailures: accounts.filter((account) => told(300, 699)(account) && account.copies > 0),
    unanswered: accounts.filter(({ status, ingressFrozen }) => status === undefined && !ingressFrozen),
    frozen: accounts.filter(({ status, ingressFrozen }) => status === undefined && ingressFrozen),
    unknown: accounts.filter(told(202, 202)),
    failed: accounts.filter((account) => told(300, 699)(account) && account.copies === 0),
  }
}

export function isGood({ duplicates, false200, falseFailures, unanswered }: Verdict): boolean {
  return duplicates.length + false200.length + falseFailures.length + unanswered.length === 0
}

/** Most messages arrived: a gateway that refuses everything tells the truth too, and proves nothing. */
export function isTelling({ delivered, messages }: Verdict): boolean {
  return delivered > messages / 2
}

/** The verdict in lines that a person reads. */
export function describeVerdict(verdict: Verdict): string {
  const { unknown, failed, frozen } = verdict
  const arrived = unknown.filter(({ copies }) => copies > 0).length
  const statuses = Object.entries(Object.groupBy(failed, ({ status }) => String(status)))
    .map(([status, accounts]) => `${accounts?.length} × ${status}`)
    .join(', ')
  const faults = (['duplicates', 'false200', 'falseFailures', 'unanswered'] as const).map((kind) => {
    const accounts = verdict[kind]
    return `  ${kind.padEnd(14)} ${accounts.length}${accounts.slice(0, 10).map(line).join('')}`
  })
  return [
    `${verdict.messages} messages, ${verdict.delivered} told 200 and delivered once`,
    ...faults,
    `  unknown (202)  ${unknown.length}, of which ${arrived} had arrived`,
    `  frozen ingress ${frozen.length}`,
    `  failed         ${failed.length}${statuses === '' ? '' : ` (${statuses})`}`,
  ].join('\n')
}

function line({ message, status, afterMs, attempts, copies, sentAtMs }: Account): string {
  const when = `${(sentAtMs / 1000).toFixed(1)} s`
  return `\n      "${message.text}" sent at ${when}: told ${status ?? 'nothing'} after ${Math.round(afterMs)} ms in ${attempts} attempts, ${copies} on the phone`
}

import type { Message, Told } from './front.ts'

/** One message: what its sender was told, and when its phone got it, as often as it did. */
export interface Account extends Told {
  readonly message: Message
  /** Unix milliseconds. */
  readonly copies: readonly number[]
  /** The named window in which a sender hears nothing from the gateway, when it was in one. */
  readonly window: string | undefined
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
  /** The same, in a named window. */
  readonly excused: readonly Account[]
  /** Told 202: the outcome is not known. Arrived or not, that is the truth. */
  readonly unknown: readonly Account[]
  /** Told that it failed, and it did. */
  readonly failed: readonly Account[]
}

/** What must be empty. */
export const FAULTY = ['duplicates', 'false200', 'falseFailures', 'unanswered'] as const

export function judge(accounts: readonly Account[]): Verdict {
  const told = (from: number, to: number) => (account: Account) =>
    account.status !== undefined && account.status >= from && account.status <= to
  const silent = accounts.filter(({ status }) => status === undefined)
  return {
    messages: accounts.length,
    delivered: accounts.filter(({ status, copies }) => status === 200 && copies.length === 1).length,
    duplicates: accounts.filter(({ copies }) => copies.length > 1),
    false200: accounts.filter(({ status, copies }) => status === 200 && copies.length === 0),
    falseFailures: accounts.filter((account) => told(300, 699)(account) && account.copies.length > 0),
    unanswered: silent.filter(({ window }) => window === undefined),
    excused: silent.filter(({ window }) => window !== undefined),
    unknown: accounts.filter(told(202, 202)),
    failed: accounts.filter((account) => told(300, 699)(account) && account.copies.length === 0),
  }
}

export function isGood(verdict: Verdict): boolean {
  return FAULTY.every((kind) => verdict[kind].length === 0)
}

/** Most messages arrived: a gateway that refuses everything tells the truth too, and proves nothing. */
export function isTelling({ delivered, messages }: Verdict): boolean {
  return delivered > messages / 2
}

import type { Cause } from '@ipsmgw/causes'
import type { ImReceived } from '@ipsmgw/events'
import type { Address } from '@ipsmgw/sms'
import { authorise } from './authorise.ts'
import { address, originate, type PseudoNumbers } from './originate.ts'
import { type Policy, policyFor } from './schema.ts'

/** Step 7 by local policy: go on with this TP-OA, or refuse; `rule` names the setting that decided. */
export type Decision =
  | {
      readonly kind: 'convert'
      readonly originator: Address
      readonly anonymous: boolean
      readonly rule: string
      /** The HSS is asked for a number of this sender first; never of one that hides. */
      readonly askHome?: HomeQuestion
    }
  | { readonly kind: 'refuse'; readonly cause: Cause; readonly rule: string }

/** Whose number the HSS is asked for, and what becomes of the message when it tells none. */
export interface HomeQuestion {
  readonly uri: string
  readonly otherwise: 'as-prepared' | 'refuse'
}

/** One of the questions of step 7 and the setting that answered it. */
export interface Verdict {
  readonly question: 'profile' | 'authorisation' | 'anonymity' | 'originator'
  readonly rule: string
  readonly decision?: Decision
}

/**
 * Authorisation first, then anonymity, then TP-OA, in the order of TS 23.204 §6.13 step 7. Nothing is asked; what the HSS
 * may be asked afterwards is said. `trail` takes every verdict on the way, for those who want to know why.
 */
export function decide(
  message: ImReceived,
  document: Policy,
  numbers: PseudoNumbers,
  trail?: Verdict[],
): Decision {
  const policy = policyFor(document, message.sip.profile)
  // A profile that is gone must not mean the wider rules of the document.
  if (policy === undefined)
    return concluded(
      { question: 'profile', ...refused('notAuthorised', `profiles.${message.sip.profile}`) },
      trail,
    )
  const ruling = authorise(message, policy)
  if (!ruling.allowed)
    return concluded({ question: 'authorisation', ...refused('notAuthorised', ruling.rule) }, trail)
  trail?.push({ question: 'authorisation', rule: ruling.rule })
  if (message.sender.anonymity !== undefined) return concluded(hidden(message, policy), trail)
  trail?.push({ question: 'anonymity', rule: 'not asked for' })
  return concluded(named(message, policy, numbers), trail)
}

type Conclusion = Verdict & { readonly decision: Decision }

function concluded(verdict: Conclusion, trail: Verdict[] | undefined): Decision {
  trail?.push(verdict)
  return verdict.decision
}

function hidden(message: ImReceived, policy: Policy): Conclusion {
  const { anonymity } = policy
  const question = 'anonymity'
  const { mode, rejectedBy } = anonymity
  const { number } = message.recipient
  if (mode === 'allow' && rejectedBy.some((prefix) => number?.startsWith(prefix) === true))
    return { question, ...refused('anonymityDisallowed', 'anonymity.rejectedBy') }
  switch (mode) {
    case 'allow': {
      const rule = 'anonymity.mode'
      const decision = { kind: 'convert', originator: anonymous(policy), anonymous: true, rule } as const
      return { question, rule, decision }
    }
    case 'prohibit':
      return { question, ...refused('anonymityDisallowed', 'anonymity.mode') }
    case 'prohibitHidden':
      return { question, ...refused('anonymityDisallowedHidden', 'anonymity.mode') }
    case 'prohibitTold':
      return { question, ...refused('anonymityDisallowedTold', 'anonymity.mode') }
  }
}

function named(message: ImReceived, policy: Policy, numbers: PseudoNumbers): Conclusion {
  const question = 'originator'
  const { originator, rule, askHome: uri } = originate(message, policy, numbers)
  if (uri !== undefined) {
    const otherwise = originator === undefined ? 'refuse' : 'as-prepared'
    // What is refused without a number is prepared as if the sender hid: nobody is to see it.
    const shown = originator ?? anonymous(policy)
    const askHome = { uri, otherwise } as const
    return {
      question,
      rule,
      decision: { kind: 'convert', originator: shown, anonymous: false, rule, askHome },
    }
  }
  return originator === undefined
    ? { question, ...refused('noOriginator', rule) }
    : { question, rule, decision: { kind: 'convert', originator, anonymous: false, rule } }
}

function anonymous({ anonymity: { originator, value } }: Policy): Address {
  return address({ type: originator, value })
}

function refused(cause: Cause, rule: string): { readonly rule: string; readonly decision: Decision } {
  return { rule, decision: { kind: 'refuse', cause, rule } }
}

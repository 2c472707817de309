import type { SmPrepared } from '@ipsmgw/events'
import { homeDataWanted, isGrantedAtHome, type Policy, policyFor, recipientRuling } from '@ipsmgw/policy'
import type { Refusal, Target } from './router.ts'
import { publicIdentityOf } from './sh/public-identity.ts'
import type { HomeUser, UserAnswer, UserQuestion } from './sh/sh-client.ts'

export interface RecipientsOptions {
  /** What becomes of users without a number: 404; asked by their IMSI; asked by their SIP URI. */
  readonly withoutNumber: 'refuse' | 'imsi' | 'sip-uri'
  /** Identity of the HSS in SMSMI-Correlation-ID; needed for `sip-uri`. */
  readonly hssId?: string
  /** Ask Sh about every recipient: the way to the serving nodes follows from who knows it. */
  readonly always: boolean
}

export interface RecipientsDependencies {
  user(question: UserQuestion, budgetMs: number): Promise<UserAnswer>
  policy(): Policy
}

/** Who the recipient is and whether it may get SMS: the part of step 7 that only the home network can answer. */
export class Recipients {
  readonly #options: RecipientsOptions
  readonly #dependencies: RecipientsDependencies

  constructor(options: RecipientsOptions, dependencies: RecipientsDependencies) {
    this.#options = options
    this.#dependencies = dependencies
  }

  async target(
    prepared: SmPrepared,
    budgetMs: number,
  ): Promise<({ readonly kind: 'target' } & Target) | Refusal> {
    const policy = policyFor(this.#dependencies.policy(), prepared.profile)
    // A profile that is gone must not mean the wider rules of the document.
    if (policy === undefined) return { kind: 'refused', cause: 'notAuthorised', detail: 'no such profile' }
    const { number, uri } = prepared.recipient
    // Authorised once: a second routing of the same message may have parts on the phone already.
    const authorised = prepared.routing.attempt > 1
    const ruling = recipientRuling(number, policy)
    const asked = number === undefined || this.#options.always || (!authorised && ruling.kind === 'ask-home')
    if (!asked) return { kind: 'target', number }
    const serviceIndication = homeDataWanted(policy)
    const question = {
      publicIdentity: publicIdentityOf(uri),
      ...(serviceIndication !== undefined && { serviceIndication }),
    }
    const answer = await this.#dependencies.user(question, budgetMs)
    if (answer.kind === 'user') {
      const refusal = authorised
        ? undefined
        : refusalOf(number ?? answer.user.number, answer.user.grant, policy)
      return refusal ?? this.#targetOf(prepared, answer.user)
    }
    // No HSS has it: a subscriber of an HLR, if it has a number.
    if (!this.#options.always || answer.cause !== 'unknownSubscriber' || number === undefined) return answer
    const refusal = authorised ? undefined : refusalOf(number, undefined, policy)
    return refusal ?? { kind: 'target', number, unknownToHss: true }
  }

  #targetOf({ recipient, originatorUri }: SmPrepared, user: HomeUser) {
    const { withoutNumber, hssId } = this.#options
    const number = recipient.number ?? user.number
    const { host: hss, imsi, imsState } = user
    const found = { kind: 'target', hss, ...(imsState !== undefined && { imsState }) } as const
    if (number !== undefined) return { ...found, number }
    if (withoutNumber === 'imsi' && imsi !== undefined) return { ...found, imsi }
    if (withoutNumber !== 'sip-uri' || hssId === undefined)
      return { kind: 'refused', cause: 'noSubscriberNumber' } as const
    const correlation = {
      hssId,
      ...(originatorUri !== undefined && { originatingUri: publicIdentityOf(originatorUri) }),
      destinationUri: publicIdentityOf(recipient.uri),
    }
    return { ...found, correlation }
  }
}

/** Held against the policy with all that is known now. */
function refusalOf(
  number: string | undefined,
  grant: HomeUser['grant'],
  policy: Policy,
): Refusal | undefined {
  const ruling = recipientRuling(number, policy)
  if (ruling.kind === 'refused') return { kind: 'refused', cause: 'notAuthorised', detail: ruling.rule }
  if (ruling.kind === 'allowed' || isGrantedAtHome(grant, policy)) return undefined
  const detail = grant === undefined ? 'no service data' : 'service data'
  return { kind: 'refused', cause: 'notAuthorisedAtHome', detail }
}

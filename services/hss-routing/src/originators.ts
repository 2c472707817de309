import type { SmPrepared } from '@ipsmgw/events'
import { isBarredSender, type Policy, policyFor } from '@ipsmgw/policy'
import {
  type Address,
  addressText,
  decodeDeliver,
  NumberingPlan,
  originatorOctets,
  TypeOfNumber,
  withOriginator,
} from '@ipsmgw/sms'
import type { RecipientsDependencies } from './recipients.ts'
import type { Refusal, Sender } from './router.ts'
import { publicIdentityOf } from './sh/public-identity.ts'

export interface OriginatorsOptions {
  /** HSS and HLR are told who sends. */
  readonly tellSender: boolean
}

/** What the HSS told of a sender; `failed`: nothing, in the time that there was. */
export type HomeAnswerOfSender = 'number' | 'barred' | 'no-number' | 'unknown-user' | 'failed'

export interface OriginatorsDependencies extends Pick<RecipientsDependencies, 'user' | 'policy'> {
  askedHome(answer: HomeAnswerOfSender, prepared: SmPrepared): void
}

/** The Short Message with the originator that the phone sees. */
export interface Origin extends Sender {
  readonly kind: 'origin'
  readonly tpdus: SmPrepared['tpdus']
  /** TP-OA as people write it, where it was decided here. */
  readonly shown?: string
}

/** A silent HSS must leave time to ask for the way. */
const SHARE_OF_BUDGET = 0.5

/**
 * Whose address the phone sees, where the home network has a say: a sender of our own domain that has asserted no number
 * may have one in the HSS (TS 23.040 §9.1.2.5 knows no SIP URI). Whatever else the HSS says or does not say, the message
 * goes as policy has prepared it, or is refused as policy has it.
 */
export class Originators {
  readonly #options: OriginatorsOptions
  readonly #dependencies: OriginatorsDependencies

  constructor(options: OriginatorsOptions, dependencies: OriginatorsDependencies) {
    this.#options = options
    this.#dependencies = dependencies
  }

  async of(prepared: SmPrepared, budgetMs: number): Promise<Origin | Refusal> {
    const { askHome, tpdus } = prepared
    if (askHome === undefined) return this.#origin(prepared, tpdus)
    const policy = policyFor(this.#dependencies.policy(), prepared.profile)
    const { answer, number } = await this.#ask(askHome.uri, budgetMs * SHARE_OF_BUDGET, policy)
    this.#dependencies.askedHome(answer, prepared)
    if (answer === 'barred')
      return { kind: 'refused', cause: 'notAuthorised', detail: 'authorisation.barredSenders' }
    if (number !== undefined) return this.#origin(prepared, tpdus.map(replacing(number)), number)
    if (askHome.otherwise === 'refuse')
      return { kind: 'refused', cause: 'noOriginator', detail: 'originator.withoutNumber' }
    const [first = ''] = tpdus
    const { originator } = decodeDeliver(Buffer.from(first, 'base64'))
    return this.#origin(prepared, tpdus, addressText(originator))
  }

  async #ask(
    uri: string,
    budgetMs: number,
    policy: Policy | undefined,
  ): Promise<{ readonly answer: HomeAnswerOfSender; readonly number?: string }> {
    const question = { publicIdentity: publicIdentityOf(uri), numberOnly: true }
    const told = await this.#dependencies.user(question, budgetMs)
    if (told.kind === 'refused')
      return { answer: told.cause === 'unknownSubscriber' ? 'unknown-user' : 'failed' }
    const { number } = told.user
    if (number === undefined) return { answer: 'no-number' }
    if (policy !== undefined && isBarredSender(number, policy)) return { answer: 'barred' }
    return { answer: 'number', number }
  }

  #origin({ hidden }: SmPrepared, tpdus: SmPrepared['tpdus'], shown?: string): Origin {
    const [first = ''] = tpdus
    const told = this.#options.tellSender && hidden === false
    return {
      kind: 'origin',
      tpdus,
      ...(shown !== undefined && { shown }),
      ...(told && { smea: originatorOctets(Buffer.from(first, 'base64')) }),
    }
  }
}

/** All parts are from one number, or the phone does not put them together. */
function replacing(number: string): (tpdu: string) => string {
  const originator: Address = {
    kind: 'numeric',
    ton: TypeOfNumber.international,
    npi: NumberingPlan.e164,
    digits: number.replace(/^\+/, ''),
  }
  return (tpdu) => withOriginator(Buffer.from(tpdu, 'base64'), originator).toString('base64')
}

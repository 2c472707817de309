import { causeOfServiceData } from '@ipsmgw/causes'
import {
  DataReference,
  type DiameterNode,
  type DiameterResult,
  ExperimentalResult,
  isSuccess,
  ResultCode,
  SendDataIndication,
  type SendResult,
  SubsReqType,
  VENDOR_3GPP,
  value,
} from '@ipsmgw/diameter'
import type { HomeGrant } from '@ipsmgw/policy'
import { reading, refusal, resultText } from '../diameter-answers.ts'
import type { Refusal } from '../router.ts'
import { type ImsState, readUserData, type UserData } from './user-data.ts'

/** Who is asked about. */
export interface UserQuestion {
  /** In canonical form. */
  readonly publicIdentity: string
  /** Service-Indication of the repository data that are wanted too. */
  readonly serviceIndication?: string
  /** Nothing else is of use: no IMSI of a user without a number. */
  readonly numberOnly?: boolean
}

/** What the HSS tells of a user. */
export interface HomeUser {
  /** The first one, with `+`. */
  readonly number?: string
  /** Asked for only where there is no number. */
  readonly imsi?: string
  readonly imsState?: ImsState
  /** The service data of the user; absent: there are none. */
  readonly grant?: HomeGrant
  /** Diameter identity of the HSS. */
  readonly host: string
}

export type UserAnswer = { readonly kind: 'user'; readonly user: HomeUser } | Refusal

export type Subscription =
  /** `data`: as of now, of what was subscribed to; undefined: the HSS sent none. */
  | { readonly kind: 'subscribed'; readonly untilMs: number; readonly data: UserData | undefined }
  /** The HSS tells this gateway of no changes. */
  | { readonly kind: 'not-allowed' }
  | { readonly kind: 'failed' }

/** The questions of Sh. */
export interface ShQueries {
  read(question: UserQuestion, budgetMs: number): Promise<UserAnswer>
  /** Asks the HSS to tell of changes. */
  subscribe(question: UserQuestion, host: string, untilMs: number): Promise<Subscription>
}

export interface ShClientOptions {
  /** Realm of the home HSS. */
  readonly hssRealm: string
  /** For one query to one peer. */
  readonly attemptMs: number
  /** For one subscription; nobody waits for it. */
  readonly budgetMs: number
  /** Ask for the IMSI of a user without a number. */
  readonly imsi: boolean
  /** Ask for IMSUserState too. */
  readonly userState: boolean
}

type References = readonly (typeof DataReference)[keyof typeof DataReference][]

/** UDR and SNR (TS 29.328 §6.1.1, §6.1.3). */
export class ShClient implements ShQueries {
  readonly #node: Pick<DiameterNode, 'send'>
  readonly #options: ShClientOptions

  constructor(node: Pick<DiameterNode, 'send'>, options: ShClientOptions) {
    this.#node = node
    this.#options = options
  }

  async read(question: UserQuestion, budgetMs: number): Promise<UserAnswer> {
    const untilMs = performance.now() + budgetMs
    const wanted = [DataReference.MSISDN, ...this.#changing(question)]
    let outcome = await this.#ask(question, wanted, budgetMs)
    if (isAbsentData(outcome)) {
      // No repository data of this user: the one question must not cost the others.
      const others = wanted.filter((reference) => reference !== DataReference.RepositoryData)
      outcome = await this.#ask(question, others, untilMs - performance.now())
    }
    const answer = userOf(outcome, question)
    const imsi = this.#options.imsi && question.numberOnly !== true
    if (answer.kind === 'refused' || answer.user.number !== undefined || !imsi) return answer
    return this.#withImsi(answer.user, question, untilMs - performance.now())
  }

  async subscribe(question: UserQuestion, host: string, untilMs: number): Promise<Subscription> {
    const { hssRealm, attemptMs, budgetMs } = this.#options
    const { publicIdentity, serviceIndication } = question
    const outcome = await this.#node.send(
      'SNR',
      {
        // Whoever has the user's data tells of their changes.
        'Destination-Host': host,
        'Destination-Realm': hssRealm,
        'User-Identity': { 'Public-Identity': publicIdentity },
        ...(serviceIndication !== undefined && { 'Service-Indication': [Buffer.from(serviceIndication)] }),
        'Send-Data-Indication': SendDataIndication.USER_DATA_REQUESTED,
        'Subs-Req-Type': SubsReqType.Subscribe,
        // Numbers change with the identities; nobody can subscribe to MSISDN or IMSI themselves (TS 29.328 table 7.6.1).
        'Data-Reference': [DataReference.IMSPublicIdentity, ...this.#changing(question)],
        'Expiry-Time': new Date(untilMs),
      },
      { timeoutMs: budgetMs, attemptMs, failover: true },
    )
    if (outcome.kind !== 'answer') return { kind: 'failed' }
    if (!isSuccess(outcome.result)) return { kind: isForbidden(outcome.result) ? 'not-allowed' : 'failed' }
    const answer = reading<Subscription>('serviceDataUnavailable', () => {
      const data = value(outcome.message, 'User-Data')
      return {
        kind: 'subscribed',
        // Without a time the HSS goes on for ever; this side does not.
        untilMs: Math.min(value(outcome.message, 'Expiry-Time')?.getTime() ?? untilMs, untilMs),
        data: data === undefined ? undefined : readUserData(data, serviceIndication),
      }
    })
    return answer.kind === 'refused' ? { kind: 'failed' } : answer
  }

  /** Data besides the number that are asked for, and that an HSS tells changes of. */
  #changing({ serviceIndication }: UserQuestion): References {
    return [
      ...(this.#options.userState ? [DataReference.IMSUserState] : []),
      ...(serviceIndication === undefined ? [] : [DataReference.RepositoryData]),
    ]
  }

  #ask(question: UserQuestion, references: References, timeoutMs: number): Promise<SendResult> {
    const { hssRealm, attemptMs } = this.#options
    const { publicIdentity, serviceIndication } = question
    const repository = references.includes(DataReference.RepositoryData) && serviceIndication !== undefined
    return this.#node.send(
      'UDR',
      {
        'Destination-Realm': hssRealm,
        'User-Identity': { 'Public-Identity': publicIdentity },
        ...(repository && { 'Service-Indication': [Buffer.from(serviceIndication)] }),
        'Data-Reference': references,
      },
      { timeoutMs, attemptMs, failover: true },
    )
  }

  /**
   * A question of its own: one forbidden reference fails a whole UDR, and the IMSI is the one that an HSS forbids. A
   * user whose IMSI it does not tell has none here.
   */
  async #withImsi(user: HomeUser, question: UserQuestion, timeoutMs: number): Promise<UserAnswer> {
    const outcome = await this.#ask(question, [DataReference.IMSI], timeoutMs)
    const answer = dataOf(outcome, question)
    if (answer.kind === 'refused')
      return outcome.kind === 'answer' && answer.cause === 'serviceDataRefused'
        ? { kind: 'user', user }
        : answer
    const { imsi } = answer.data
    return { kind: 'user', user: { ...user, ...(imsi !== undefined && { imsi }) } }
  }
}

function userOf(outcome: SendResult, question: UserQuestion): UserAnswer {
  const answer = dataOf(outcome, question)
  if (answer.kind === 'refused') return answer
  const { numbers, ...data } = answer.data
  const [number] = numbers
  const { host } = answer
  return { kind: 'user', user: { ...data, ...(number !== undefined && { number }), host } }
}

function dataOf(
  outcome: SendResult,
  { serviceIndication }: UserQuestion,
): { readonly kind: 'data'; readonly data: UserData; readonly host: string } | Refusal {
  if (outcome.kind !== 'answer') return refusal('serviceDataUnavailable', `Sh: ${outcome.reason}`)
  if (!isSuccess(outcome.result))
    return refusal(causeOfServiceData(outcome.result), `Sh: ${resultText(outcome)}`)
  return reading('serviceDataUnavailable', () => ({
    kind: 'data',
    data: readUserData(value(outcome.message, 'User-Data') ?? Buffer.from('<Sh-Data/>'), serviceIndication),
    host: value(outcome.message, 'Origin-Host') ?? outcome.peer,
  }))
}

/** 5106: the HSS holds no such repository data. */
function isAbsentData(outcome: SendResult): boolean {
  return outcome.kind === 'answer' && isOf3gpp(outcome.result, ABSENT)
}

/** Results of a subscription that say the same of every user. */
function isForbidden(result: DiameterResult): boolean {
  return (
    isOf3gpp(result, FORBIDDEN) || (result.vendorId === 0 && result.code === ResultCode.COMMAND_UNSUPPORTED)
  )
}

function isOf3gpp({ vendorId, code }: DiameterResult, codes: ReadonlySet<number>): boolean {
  return vendorId === VENDOR_3GPP && codes.has(code)
}

const ABSENT: ReadonlySet<number> = new Set([ExperimentalResult.SUBS_DATA_ABSENT])
const FORBIDDEN: ReadonlySet<number> = new Set([
  ExperimentalResult.OPERATION_NOT_ALLOWED,
  ExperimentalResult.USER_DATA_CANNOT_BE_NOTIFIED,
  ExperimentalResult.FEATURE_UNSUPPORTED,
])

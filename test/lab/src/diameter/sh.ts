import {
  DataReference,
  ExperimentalResult,
  encodeDiameter,
  experimentalResult,
  type IncomingRequest,
  type OutgoingAnswer,
  SendDataIndication,
  SubsReqType,
} from '@ipsmgw/diameter'
import { conductAt, type ShSetting } from '../behaviour.ts'
import type { RequestLog } from '../request-log.ts'
import type { Subscriber, Subscribers } from '../subscribers.ts'
import { type Neighbour, negative, SUCCESS } from './neighbour.ts'

export interface ShDependencies {
  readonly subscribers: Subscribers
  readonly log: RequestLog
  readonly neighbour: Neighbour
}

/** Who is told of changes of a user, and until when. */
interface Subscription {
  readonly msisdn: string
  readonly publicIdentity: string
  readonly host: string
  readonly realm: string
  readonly references: readonly number[]
  readonly serviceIndication: string | undefined
  readonly untilMs: number
}

const PUSH_MS = 2_000
const MAXIMUM_SUBSCRIPTIONS = 10_000
const UNKNOWN_USER = { vendorId: 10415, code: ExperimentalResult.USER_UNKNOWN } as const

/** The Sh side of the HSS: data of a user (UDR), subscriptions to them (SNR), and their changes (PNR). */
export class Sh {
  readonly #identity: string
  readonly #dependencies: ShDependencies
  /** By user and subscriber, oldest first. */
  readonly #subscriptions = new Map<string, Subscription>()

  constructor(identity: string, dependencies: ShDependencies) {
    this.#identity = identity
    this.#dependencies = dependencies
    const { node } = dependencies.neighbour
    node.handle('UDR', (request) => this.#userData(request))
    node.handle('SNR', (request) => this.#subscribe(request))
    dependencies.subscribers.onChange(({ msisdn }) => void this.#tellOf(msisdn))
  }

  #userData({ fields, message }: IncomingRequest<'UDR'>) {
    const { neighbour } = this.#dependencies
    const { 'Public-Identity': identity, MSISDN: number } = fields['User-Identity']
    const subscriber = this.#subscriber(identity, number)
    const note = this.#note('UDR', fields['Origin-Host'], encodeDiameter(message), identity, subscriber)
    const indication = fields['Service-Indication']?.[0]?.toString('utf8')
    const serve = (): OutgoingAnswer<'UDR'> => {
      const sh = subscriber?.setting.sh
      if (subscriber === undefined || sh?.known === false) return negative(UNKNOWN_USER)
      if (sh?.result !== undefined) return negative({ vendorId: 10415, ...sh.result })
      return {
        ...SUCCESS,
        'User-Data': Buffer.from(documentOf(subscriber, fields['Data-Reference'], indication)),
      }
    }
    // Sh has codes of its own: a subscriber that fails at S6c is known here, unless nobody knows it.
    const { conduct, delayMs } =
      subscriber === undefined
        ? { conduct: { kind: 'serve' } as const, delayMs: 0 }
        : conductAt(subscriber.setting, 'hss')
    const refused = conduct.kind === 'refuse' && conduct.result.code !== UNKNOWN_USER.code
    return neighbour.behave(
      { conduct: refused ? { kind: 'serve' } : conduct, delayMs },
      note,
      serve,
      negative,
    )
  }

  #subscribe({ fields, message }: IncomingRequest<'SNR'>): OutgoingAnswer<'SNR'> {
    const { 'Public-Identity': identity, MSISDN: number } = fields['User-Identity']
    const subscriber = this.#subscriber(identity, number)
    const note = this.#note('SNR', fields['Origin-Host'], encodeDiameter(message), identity, subscriber)
    const answer = this.#subscribed(fields, subscriber)
    const experimental = answer['Experimental-Result']
    note(experimental?.['Experimental-Result-Code'] ?? SUCCESS['Result-Code'])
    return answer
  }

  #subscribed(
    fields: IncomingRequest<'SNR'>['fields'],
    subscriber: Subscriber | undefined,
  ): OutgoingAnswer<'SNR'> {
    const sh = subscriber?.setting.sh
    if (subscriber === undefined || sh?.known === false) return negative(UNKNOWN_USER)
    if (sh?.notify === false) return experimentalResult(ExperimentalResult.OPERATION_NOT_ALLOWED)
    const { 'Origin-Host': host, 'Origin-Realm': realm, 'Data-Reference': references } = fields
    const publicIdentity = fields['User-Identity']['Public-Identity'] ?? `tel:+${subscriber.msisdn}`
    const serviceIndication = fields['Service-Indication']?.[0]?.toString('utf8')
    if (references.includes(DataReference.RepositoryData) && sh?.serviceData === undefined)
      return experimentalResult(ExperimentalResult.SUBS_DATA_ABSENT)
    const key = `${publicIdentity} ${host}`
    this.#subscriptions.delete(key)
    if (fields['Subs-Req-Type'] === SubsReqType.Unsubscribe) return SUCCESS
    const untilMs = fields['Expiry-Time']?.getTime() ?? Number.POSITIVE_INFINITY
    const { msisdn } = subscriber
    this.#subscriptions.set(key, {
      msisdn,
      publicIdentity,
      host,
      realm,
      references,
      serviceIndication,
      untilMs,
    })
    const [oldest] = this.#subscriptions.keys()
    if (this.#subscriptions.size > MAXIMUM_SUBSCRIPTIONS && oldest !== undefined)
      this.#subscriptions.delete(oldest)
    return {
      ...SUCCESS,
      ...(fields['Expiry-Time'] !== undefined && { 'Expiry-Time': fields['Expiry-Time'] }),
      ...(fields['Send-Data-Indication'] === SendDataIndication.USER_DATA_REQUESTED && {
        'User-Data': Buffer.from(documentOf(subscriber, references, serviceIndication)),
      }),
    }
  }

  /** Sends a PNR to everybody who has subscribed to a user; 5107 in the answer ends the subscription. */
  async #tellOf(msisdn: string): Promise<void> {
    const { neighbour, subscribers } = this.#dependencies
    const subscriber = subscribers.of(msisdn)
    for (const [key, subscription] of this.#subscriptions) {
      if (subscription.msisdn !== msisdn) continue
      const { publicIdentity, host, realm, references, serviceIndication, untilMs } = subscription
      if (untilMs <= Date.now()) {
        this.#subscriptions.delete(key)
        continue
      }
      const note = this.#note('PNR', this.#identity, Buffer.alloc(0), publicIdentity, subscriber)
      const outcome = await neighbour.node.send(
        'PNR',
        {
          'Destination-Host': host,
          'Destination-Realm': realm,
          'User-Identity': { 'Public-Identity': publicIdentity },
          'User-Data': Buffer.from(documentOf(subscriber, references, serviceIndication)),
        },
        { timeoutMs: PUSH_MS },
      )
      const code = outcome.kind === 'answer' ? outcome.result.code : undefined
      note(code ?? 'none')
      if (code === ExperimentalResult.NO_SUBSCRIPTION_TO_DATA) this.#subscriptions.delete(key)
    }
  }

  #subscriber(identity: string | undefined, number: string | undefined): Subscriber | undefined {
    const { subscribers } = this.#dependencies
    return number !== undefined ? subscribers.of(number) : subscribers.byIdentity(identity ?? '')
  }

  #note(
    command: string,
    from: string,
    octets: Buffer,
    identity: string | undefined,
    subscriber: Subscriber | undefined,
  ) {
    return this.#dependencies.log.add({
      node: this.#identity,
      command,
      from,
      octets: octets.toString('hex'),
      ...(identity !== undefined && { publicIdentity: identity }),
      ...(subscriber !== undefined && { msisdn: subscriber.msisdn }),
    })
  }
}

/** Sh-Data (TS 29.328 annex C) with what is asked for and there; or whatever the setting puts in its place. */
function documentOf(
  { msisdn, imsi, setting }: Subscriber,
  references: readonly number[],
  serviceIndication: string | undefined,
): string {
  const sh: ShSetting = setting.sh ?? {}
  if (sh.document !== undefined) return sh.document
  const asked = (reference: number) => references.includes(reference)
  const identities = setting.identities ?? []
  const parts = [
    `<PublicIdentifiers>${[
      ...(asked(DataReference.IMSPublicIdentity)
        ? identities.map((it) => `<IMSPublicIdentity>${escaped(it)}</IMSPublicIdentity>`)
        : []),
      ...(asked(DataReference.MSISDN) && sh.number !== false ? [`<MSISDN>${msisdn}</MSISDN>`] : []),
    ].join('')}</PublicIdentifiers>`,
    ...(asked(DataReference.RepositoryData) && sh.serviceData !== undefined
      ? [
          `<RepositoryData><ServiceIndication>${escaped(serviceIndication ?? '')}</ServiceIndication><SequenceNumber>1</SequenceNumber><ServiceData>${sh.serviceData}</ServiceData></RepositoryData>`,
        ]
      : []),
    ...(asked(DataReference.IMSUserState)
      ? [`<Sh-IMS-Data><IMSUserState>${sh.imsState ?? 1}</IMSUserState></Sh-IMS-Data>`]
      : []),
    ...(asked(DataReference.IMSI) && sh.imsi !== false
      ? [
          `<Extension><Extension><Extension><Extension><IMSI>${imsi}</IMSI></Extension></Extension></Extension></Extension>`,
        ]
      : []),
  ]
  return `<?xml version="1.0" encoding="UTF-8"?><Sh-Data>${parts.join('')}</Sh-Data>`
}

function escaped(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;')
}

import { DEFAULT_SETTING, type NodeKind, type SubscriberSetting } from './behaviour.ts'

/** A number that the HSS and the serving nodes know. */
export interface Subscriber {
  readonly msisdn: string
  readonly imsi: string
  readonly setting: SubscriberSetting
}

/** Test network of ITU E.212: country 001, network 01. */
const IMSI_PREFIX = '00101'
const IMSI_DIGITS = 15
/** A network of its own, so that a correlation id is nobody's IMSI. */
const CORRELATION_PREFIX = '00102'
/** Correlation ids that an SMS router keeps. */
const MAXIMUM_CORRELATIONS = 10_000

/**
 * Every number is a reachable subscriber until it is told otherwise. Bounded: the number that was used longest ago
 * is forgotten, its setting and IMSI with it.
 */
export class Subscribers {
  readonly #maximum: number
  readonly #byMsisdn = new Map<string, Subscriber>()
  readonly #msisdnOfImsi = new Map<string, string>()
  readonly #msisdnOfIdentity = new Map<string, string>()
  readonly #msisdnOfCorrelation = new Map<string, string>()
  readonly #defaultNode: NodeKind
  readonly #listeners: ((subscriber: Subscriber) => void)[] = []
  #allocated = 0
  #correlations = 0

  constructor(maximum: number, defaultNode: NodeKind = 'msc') {
    this.#maximum = maximum
    this.#defaultNode = defaultNode
  }

  /** Calls it whenever a setting is replaced. */
  onChange(changed: (subscriber: Subscriber) => void): void {
    this.#listeners.push(changed)
  }

  /** The subscriber of a number; made known on first use. */
  of(msisdn: string): Subscriber {
    const known = this.#byMsisdn.get(msisdn)
    const subscriber = known ?? { msisdn, imsi: this.#nextImsi(), setting: DEFAULT_SETTING }
    this.#keep(subscriber)
    return subscriber
  }

  /** Also by a correlation id, which stands where an IMSI does. */
  byImsi(imsi: string): Subscriber | undefined {
    const msisdn = this.#msisdnOfImsi.get(imsi) ?? this.#msisdnOfCorrelation.get(imsi)
    return msisdn === undefined ? undefined : this.of(msisdn)
  }

  /** Node that serves a subscriber. */
  nodeOf({ setting }: Subscriber): NodeKind {
    return setting.node ?? this.#defaultNode
  }

  /** What an SMS router gives in place of the IMSI, another one each time (TS 23.040 §9.1.2, MT correlation id). */
  correlationIdFor({ msisdn }: Subscriber): string {
    this.#correlations += 1
    const digits = String(this.#correlations).padStart(IMSI_DIGITS - CORRELATION_PREFIX.length, '0')
    const id = CORRELATION_PREFIX + digits
    this.#msisdnOfCorrelation.set(id, msisdn)
    const [oldest] = this.#msisdnOfCorrelation.keys()
    if (this.#msisdnOfCorrelation.size > MAXIMUM_CORRELATIONS && oldest !== undefined)
      this.#msisdnOfCorrelation.delete(oldest)
    return id
  }

  /** The subscriber of a public identity: one that a setting named, or a number in a tel or sip URI. */
  byIdentity(uri: string): Subscriber | undefined {
    const msisdn =
      this.#msisdnOfIdentity.get(uri.toLowerCase()) ?? /^(?:tel|sips?):\+(\d{5,15})\b/i.exec(uri)?.[1]
    return msisdn === undefined ? undefined : this.of(msisdn)
  }

  /** Replaces the whole setting of a number. */
  set(msisdn: string, setting: SubscriberSetting): Subscriber {
    const before = this.of(msisdn)
    for (const identity of before.setting.identities ?? [])
      this.#msisdnOfIdentity.delete(identity.toLowerCase())
    for (const identity of setting.identities ?? [])
      this.#msisdnOfIdentity.set(identity.toLowerCase(), msisdn)
    const subscriber = { ...before, setting }
    this.#keep(subscriber)
    for (const changed of this.#listeners) changed(subscriber)
    return subscriber
  }

  /** Puts it behind all others in age, and forgets the oldest when there are too many. */
  #keep(subscriber: Subscriber): void {
    this.#byMsisdn.delete(subscriber.msisdn)
    this.#byMsisdn.set(subscriber.msisdn, subscriber)
    this.#msisdnOfImsi.set(subscriber.imsi, subscriber.msisdn)
    if (this.#byMsisdn.size <= this.#maximum) return
    const [oldest] = this.#byMsisdn.values()
    if (oldest !== undefined) this.#forget(oldest)
  }

  #forget({ msisdn, imsi, setting }: Subscriber): void {
    this.#byMsisdn.delete(msisdn)
    this.#msisdnOfImsi.delete(imsi)
    for (const identity of setting.identities ?? []) this.#msisdnOfIdentity.delete(identity.toLowerCase())
  }

  #nextImsi(): string {
    this.#allocated += 1
    return IMSI_PREFIX + String(this.#allocated).padStart(IMSI_DIGITS - IMSI_PREFIX.length, '0')
  }
}

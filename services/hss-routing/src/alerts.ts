import { createHash } from 'node:crypto'
import type { RecipientAvailable, SmsmiCorrelation } from '@ipsmgw/events'
import type { KeyMaker } from '@ipsmgw/numbering'

/** What HSS, HLR, MME or SGSN says: a phone can be reached again. */
export interface Alert {
  readonly protocol: RecipientAvailable['protocol']
  /** The same for every copy of one alert, whatever path it took. */
  readonly identity: string
  /** Digits of the service centre that it is meant for. */
  readonly serviceCentre: string
  readonly msisdn?: string
  readonly imsi?: string
  /** Of a user without a number (TS 29.338, SMSMI-Correlation-ID), its recipient's URI in canonical form. */
  readonly correlation?: SmsmiCorrelation
  readonly untilMs?: number
  readonly newNode?: boolean
}

export type AlertVerdict = 'taken' | 'repeated' | 'other-service-centre' | 'nobody'

export interface AlertsOptions {
  /** Own service centre number, digits. */
  readonly serviceCentre: string
}

export interface AlertsDependencies {
  readonly keys: KeyMaker
  now(): number
  /** Durable when it resolves: only then is an alert answered. */
  publish(available: RecipientAvailable): Promise<void>
  alerted(protocol: Alert['protocol'], verdict: AlertVerdict): void
}

/** Copies of a request come within four minutes (RFC 6733 §3, end-to-end identifier). */
const COPIES_WITHIN_MS = 240_000
const ALERT_ID_DIGITS = 32

/**
 * Alerts become `recipient.available`. A copy that this process has taken already is only answered; one that another
 * replica took has the same `alertId`, so that whoever reads the topic does its work once.
 */
export class Alerts {
  readonly #options: AlertsOptions
  readonly #dependencies: AlertsDependencies
  #current = new Set<string>()
  #previous = new Set<string>()
  #turnedAtMs: number

  constructor(options: AlertsOptions, dependencies: AlertsDependencies) {
    this.#options = options
    this.#dependencies = dependencies
    this.#turnedAtMs = dependencies.now()
  }

  /** Rejects when the event could not be made durable: then the alert is not taken, and will come again. */
  async take(alert: Alert): Promise<AlertVerdict> {
    const verdict = await this.#verdict(alert)
    this.#dependencies.alerted(alert.protocol, verdict)
    return verdict
  }

  async #verdict(alert: Alert): Promise<AlertVerdict> {
    const { protocol, identity, serviceCentre, msisdn, imsi, correlation, untilMs, newNode = false } = alert
    const { keys, now, publish } = this.#dependencies
    if (serviceCentre !== this.#options.serviceCentre) return 'other-service-centre'
    const subject = msisdn === undefined ? (imsi ?? correlation?.destinationUri) : `+${msisdn}`
    if (subject === undefined) return 'nobody'
    const alertId = createHash('sha256')
      .update(`${protocol} ${identity}`)
      .digest('hex')
      .slice(0, ALERT_ID_DIGITS)
    if (this.#knows(alertId)) return 'repeated'
    await publish({
      ...{ alertId, protocol, newNode, deliveryKey: keys.keyOf(subject), atMs: now() },
      ...(msisdn !== undefined && { msisdn }),
      ...(imsi !== undefined && { imsi }),
      ...(correlation !== undefined && { correlation }),
      ...(untilMs !== undefined && { untilMs }),
    })
    this.#current.add(alertId)
    return 'taken'
  }

  #knows(alertId: string): boolean {
    const now = this.#dependencies.now()
    if (now - this.#turnedAtMs >= COPIES_WITHIN_MS) {
      this.#previous = now - this.#turnedAtMs >= 2 * COPIES_WITHIN_MS ? new Set() : this.#current
      this.#current = new Set()
      this.#turnedAtMs = now
    }
    return this.#current.has(alertId) || this.#previous.has(alertId)
  }
}

import { type Conduct, conductAt, type NodeKind, type Refusal } from './behaviour.ts'
import { later } from './later.ts'
import type { Phones } from './phones.ts'
import type { Subscriber, Subscribers } from './subscribers.ts'

/** How reaching a phone ended, in no protocol's words yet. */
export type Reached = { readonly kind: 'taken' } | Exclude<Conduct, { kind: 'serve' }>

const UNKNOWN: Refusal = {
  kind: 'refuse',
  result: { vendorId: 10415, code: 5001 },
  error: { error: 'unidentifiedSubscriber' },
}
const BUSY: Refusal = {
  kind: 'refuse',
  result: { vendorId: 10415, code: 5551 },
  error: { error: 'subscriberBusyForMtSms' },
}
/** The phone, or the node for it, could not take our octets: equipment protocol error. */
const NOT_TAKEN: Refusal = {
  kind: 'refuse',
  result: { vendorId: 10415, code: 5555, failureCause: 1 },
  error: { error: 'smDeliveryFailure', parameter: { cause: 1 } },
}

/** The last hop, the same behind every serving node: pages the phone and hands the SMS over, one at a time. */
export class LastHop {
  readonly #subscribers: Subscribers
  readonly #phones: Phones
  readonly #stopping = new AbortController()
  /** Phones with an SMS under way: a second one in parallel is refused as busy (TS 29.338 §6.3). */
  readonly #busy = new Set<string>()

  constructor({ subscribers, phones }: { readonly subscribers: Subscribers; readonly phones: Phones }) {
    this.#subscribers = subscribers
    this.#phones = phones
  }

  /** Who an IMSI, or a correlation id in its place, stands for. */
  subscriber(imsi: string): Subscriber | undefined {
    return this.#subscribers.byImsi(imsi)
  }

  /** Behaves as the subscriber's setting says. */
  async reach(subscriber: Subscriber | undefined, node: NodeKind, tpdu: Buffer): Promise<Reached> {
    if (subscriber === undefined) return UNKNOWN
    const { msisdn, setting } = subscriber
    if (this.#busy.has(msisdn)) return BUSY
    this.#busy.add(msisdn)
    try {
      const isSecond = setting.second === node
      const { conduct, delayMs } = isSecond ? WELL : conductAt(setting, 'node')
      if (!(await later(delayMs, this.#stopping.signal))) return { kind: 'silent' }
      if (conduct.kind === 'serve') return this.#handOver(msisdn, tpdu)
      if (setting.taken) this.#handOver(msisdn, tpdu)
      return conduct
    } finally {
      this.#busy.delete(msisdn)
    }
  }

  /** Nobody waits any longer. */
  stop(): void {
    this.#stopping.abort()
  }

  #handOver(msisdn: string, tpdu: Buffer): Reached {
    const reception = this.#phones.receive(msisdn, tpdu)
    return reception.kind === 'taken' ? reception : NOT_TAKEN
  }
}

const WELL = { conduct: { kind: 'serve' } as Conduct, delayMs: 0 }

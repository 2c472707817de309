import type {
  NoticeIndication,
  SccpAddress,
  SccpService,
  SccpUser,
  UnitDataRefusal,
  UnitDataRequest,
  UnitDataResult,
} from '@ipsmgw/sccp'

/** What the network does with a message. */
export type Fate =
  | { readonly kind: 'deliver' }
  | { readonly kind: 'lose' }
  | { readonly kind: 'refuse'; readonly reason: UnitDataRefusal }
  | { readonly kind: 'return'; readonly returnCause: number }
  | { readonly kind: 'change'; readonly data: Uint8Array }

/** One SCCP message that a node sent. */
export interface Sent extends UnitDataRequest {
  readonly from: string
}

/**
 * Nodes joined by SCCP addresses, in memory. Messages wait until `run` hands them over one by one, so that a test
 * sees them and decides their fate.
 */
export class Network {
  /** Everything that left, in order. */
  readonly sent: Sent[] = []
  /** Decides for each message; by default all arrive. */
  fate: (sent: Sent) => Fate = () => ({ kind: 'deliver' })
  /** Most data octets in one UDT. */
  limit = 238
  /** Hand over without `run`, each message in a microtask of its own. */
  automatic = false
  readonly #users = new Map<string, SccpUser>()
  readonly #waiting: Sent[] = []

  node(name: string, address: SccpAddress): SccpService {
    return {
      active: true,
      send: (request) => this.#send({ ...request, from: name }),
      bind: (_ssn, user) => {
        this.#users.set(address.key(), user)
        return () => this.#users.delete(address.key())
      },
      unitDataLimit: () => this.limit,
    }
  }

  /** Hands over what waits, and what is sent meanwhile. */
  run(): void {
    for (let sent = this.#waiting.shift(); sent !== undefined; sent = this.#waiting.shift())
      this.#handOver(sent)
  }

  /** A message of nobody. */
  inject(called: SccpAddress, calling: SccpAddress, data: Uint8Array): void {
    this.#user(called)?.onUnitData({ called, calling, data, protocolClass: 0, originPointCode: 2059 })
  }

  notice(notice: NoticeIndication): void {
    this.#user(notice.called)?.onNotice(notice)
  }

  #send(sent: Sent): UnitDataResult {
    if (this.automatic) queueMicrotask(() => this.run())
    const fate = this.fate(sent)
    if (fate.kind === 'refuse') return { sent: false, reason: fate.reason, returnCause: 1 }
    this.sent.push(sent)
    if (fate.kind === 'change') this.#waiting.push({ ...sent, data: fate.data })
    else if (fate.kind === 'deliver') this.#waiting.push(sent)
    else if (fate.kind === 'return')
      this.#waiting.push({
        ...sent,
        called: sent.calling,
        calling: sent.called,
        returned: fate.returnCause,
      } as Sent)
    return { sent: true }
  }

  #handOver(sent: Sent & { readonly returned?: number }): void {
    const { called, calling, data, returned } = sent
    if (returned !== undefined) this.notice({ called, calling, data, returnCause: returned })
    else this.inject(called, calling, data)
  }

  #user(address: SccpAddress): SccpUser | undefined {
    return this.#users.get(address.key())
  }
}

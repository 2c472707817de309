import {
  Application,
  encodeDiameter,
  type IncomingRequest,
  type OutgoingAnswer,
  TfrFlags,
} from '@ipsmgw/diameter'
import { conductAt, type NegativeResult } from '../behaviour.ts'
import type { Phones } from '../phones.ts'
import type { RequestLog } from '../request-log.ts'
import type { Subscriber, Subscribers } from '../subscribers.ts'
import { Neighbour, type NeighbourOptions, negative, SUCCESS } from './neighbour.ts'

export interface ServingNodeDependencies {
  readonly subscribers: Subscribers
  readonly phones: Phones
  readonly log: RequestLog
}

const UNKNOWN_USER: NegativeResult = { vendorId: 10415, code: 5001 }
const BUSY: NegativeResult = { vendorId: 10415, code: 5551 }
/** The phone, or the node for it, could not take our octets: equipment protocol error. */
const NOT_TAKEN: NegativeResult = { vendorId: 10415, code: 5555, failureCause: 1 }

/** MME, or SGSN with Gdd, over SGd: pages the phone and hands the SMS over, one at a time as a real one. */
export class ServingNode {
  readonly #identity: string
  readonly #dependencies: ServingNodeDependencies
  readonly #neighbour: Neighbour
  /** Phones with an SMS under way: a second one in parallel is refused as busy (TS 29.338 §6.3). */
  readonly #busy = new Set<string>()

  constructor(options: NeighbourOptions, dependencies: ServingNodeDependencies) {
    this.#identity = options.identity
    this.#dependencies = dependencies
    this.#neighbour = new Neighbour(options, [Application.SGD])
    this.#neighbour.node.handle('TFR', (request) => this.#forward(request))
  }

  get port(): number {
    return this.#neighbour.port
  }

  get connected(): boolean {
    return this.#neighbour.connected
  }

  start(): Promise<void> {
    return this.#neighbour.start()
  }

  stop(): Promise<void> {
    return this.#neighbour.stop()
  }

  async #forward({ fields, message }: IncomingRequest<'TFR'>): Promise<OutgoingAnswer<'TFR'> | undefined> {
    const imsi = fields['User-Name']
    const tpdu = fields['SM-RP-UI']
    const subscriber = this.#dependencies.subscribers.byImsi(imsi)
    const note = this.#dependencies.log.add({
      node: this.#identity,
      command: 'TFR',
      from: fields['Origin-Host'],
      octets: encodeDiameter(message).toString('hex'),
      imsi,
      ...(subscriber !== undefined && { msisdn: subscriber.msisdn }),
      tpdu: tpdu.toString('hex'),
      moreMessages: ((fields['TFR-Flags'] ?? 0) & TfrFlags['More-Messages-To-Send']) !== 0,
    })
    const turnDown = (result: NegativeResult) => {
      note(result.code)
      return refusal(result)
    }
    if (subscriber === undefined) return turnDown(UNKNOWN_USER)
    if (this.#busy.has(imsi)) return turnDown(BUSY)
    this.#busy.add(imsi)
    try {
      return await this.#neighbour.behave(
        conductAt(subscriber.setting, 'node'),
        note,
        () => this.#handOver(subscriber, tpdu),
        refusal,
      )
    } finally {
      this.#busy.delete(imsi)
    }
  }

  #handOver({ msisdn }: Subscriber, tpdu: Buffer): OutgoingAnswer<'TFR'> {
    const reception = this.#dependencies.phones.receive(msisdn, tpdu)
    // Without SM-RP-UI, as most nodes answer; Wireshark 4.0 takes a report there for a malformed SMS-DELIVER.
    return reception.kind === 'taken' ? SUCCESS : refusal(NOT_TAKEN)
  }
}

function refusal(result: NegativeResult): OutgoingAnswer<'TFR'> {
  const { failureCause, diagnostic } = result
  return {
    ...negative(result),
    ...(failureCause !== undefined && {
      'SM-Delivery-Failure-Cause': { 'SM-Enumerated-Delivery-Failure-Cause': failureCause },
    }),
    ...(diagnostic !== undefined && { 'Absent-User-Diagnostic-SM': diagnostic }),
  }
}

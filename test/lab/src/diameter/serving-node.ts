import {
  Application,
  encodeDiameter,
  type IncomingRequest,
  type OutgoingAnswer,
  TfrFlags,
} from '@ipsmgw/diameter'
import type { NegativeResult, NodeKind } from '../behaviour.ts'
import type { LastHop, Reached } from '../last-hop.ts'
import type { RequestLog } from '../request-log.ts'
import { MALFORMED, Neighbour, type NeighbourOptions, negative, SUCCESS } from './neighbour.ts'

export interface ServingNodeOptions extends NeighbourOptions {
  readonly kind: NodeKind
}

export interface ServingNodeDependencies {
  readonly lastHop: LastHop
  readonly log: RequestLog
}

/** MME, or SGSN with Gdd, over SGd. */
export class ServingNode {
  readonly #options: ServingNodeOptions
  readonly #dependencies: ServingNodeDependencies
  readonly #neighbour: Neighbour

  constructor(options: ServingNodeOptions, dependencies: ServingNodeDependencies) {
    this.#options = options
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
    const { lastHop, log } = this.#dependencies
    const { identity, kind } = this.#options
    const imsi = fields['User-Name']
    const tpdu = fields['SM-RP-UI']
    const subscriber = lastHop.subscriber(imsi)
    const note = log.add({
      node: identity,
      command: 'TFR',
      from: fields['Origin-Host'],
      octets: encodeDiameter(message).toString('hex'),
      imsi,
      ...(subscriber !== undefined && { msisdn: subscriber.msisdn }),
      tpdu: tpdu.toString('hex'),
      moreMessages: ((fields['TFR-Flags'] ?? 0) & TfrFlags['More-Messages-To-Send']) !== 0,
    })
    return answerOf(await lastHop.reach(subscriber, kind, tpdu), note)
  }
}

function answerOf(reached: Reached, note: ReturnType<RequestLog['add']>): OutgoingAnswer<'TFR'> | undefined {
  switch (reached.kind) {
    case 'taken':
      note(SUCCESS['Result-Code'])
      // Without SM-RP-UI, as most nodes answer; Wireshark 4.0 takes a report there for a malformed SMS-DELIVER.
      return SUCCESS
    case 'silent':
      note('none')
      return undefined
    case 'malformed':
      note('malformed')
      return MALFORMED as unknown as OutgoingAnswer<'TFR'>
    default:
      note(reached.result.code)
      return refusal(reached.result)
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

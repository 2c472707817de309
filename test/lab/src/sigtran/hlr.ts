import { type Argument, internationalNumber, type MapAnswer, type MapRequest, type Result } from '@ipsmgw/map'
import { conductAt, type NodeKind } from '../behaviour.ts'
import { later } from '../later.ts'
import type { RequestLog } from '../request-log.ts'
import type { Subscriber, Subscribers } from '../subscribers.ts'
import { negativeAnswer } from './answers.ts'
import { MapNode, type MapNodeDependencies } from './map-node.ts'
import type { SignallingNode } from './nodes.ts'

export interface HlrOptions extends SignallingNode {
  /** E.164 digits of the nodes that it names. */
  readonly numbersOf: Readonly<Record<NodeKind | 'router' | 'ipSmGw', string>>
}

export interface HlrDependencies extends Omit<MapNodeDependencies, 'handlers'> {
  readonly subscribers: Subscribers
  readonly log: RequestLog
}

const LIST_FULL = { error: 'messageWaitingListFull' } as const

type Routing = MapAnswer<'sendRoutingInfoForSM'>

/** HLR over MAP: sendRoutingInfoForSM, and reportSM-DeliveryStatus, of which it takes note. */
export class Hlr extends MapNode {
  readonly #stopping: AbortController

  constructor(options: HlrOptions, { mtp, routing, subscribers, log }: HlrDependencies) {
    const stopping = new AbortController()
    const seen = (command: string, { msisdn, imsi }: Partial<Subscriber>, request: MapRequest) =>
      log.add({
        node: options.identity,
        command,
        from: request.calling.globalTitle?.digits ?? '',
        octets: Buffer.from(request.octets ?? []).toString('hex'),
        ...(msisdn !== undefined && { msisdn }),
        ...(imsi !== undefined && { imsi }),
        version: request.version,
        dialogue: request.dialogueId,
      })
    super(options, {
      mtp,
      routing,
      handlers: {
        async sendRoutingInfoForSM(
          { msisdn }: Argument<'sendRoutingInfoForSM'>,
          request: MapRequest,
        ): Promise<Routing> {
          const subscriber = subscribers.of(msisdn.digits)
          const note = seen('sendRoutingInfoForSM', subscriber, request)
          const { conduct, delayMs } = conductAt(subscriber.setting, 'hss')
          if (!(await later(delayMs, stopping.signal))) return { kind: 'silence' }
          if (conduct.kind === 'serve') {
            note('result')
            const result = routingOf(subscriber, subscribers, options)
            if (subscriber.setting.waiting !== true) return { kind: 'result', result }
            return { kind: 'result', result, inform: { mwStatus: ['mcefSet'] } }
          }
          const { answer, word } = negativeAnswer(conduct, request.version)
          note(word)
          return withStatus(answer as Routing)
        },
        reportSmDeliveryStatus({ msisdn }: Argument<'reportSmDeliveryStatus'>, request: MapRequest) {
          const isFull = subscribers.of(msisdn.digits).setting.listFull === true
          const note = seen('reportSM-DeliveryStatus', { msisdn: msisdn.digits }, request)
          note(isFull ? LIST_FULL.error : 'result')
          return isFull ? { kind: 'error', error: LIST_FULL } : { kind: 'result' }
        },
      },
    })
    this.#stopping = stopping
  }

  override close(): void {
    this.#stopping.abort()
    super.close()
  }
}

function routingOf(
  subscriber: Subscriber,
  subscribers: Subscribers,
  { numbersOf }: HlrOptions,
): Result<'sendRoutingInfoForSM'> {
  const { imsi, setting } = subscriber
  if (setting.homeRouting === true)
    return {
      imsi: subscribers.correlationIdFor(subscriber),
      locationInfo: { networkNodeNumber: internationalNumber(numbersOf.router) },
    }
  if (setting.overIms === true)
    return {
      imsi,
      locationInfo: { networkNodeNumber: internationalNumber(numbersOf.ipSmGw), imsNodeIndicator: true },
    }
  const node = subscribers.nodeOf(subscriber)
  const { second } = setting
  return {
    imsi,
    locationInfo: {
      networkNodeNumber: internationalNumber(numbersOf[node]),
      ...(node === 'sgsn' && { gprsNodeIndicator: true }),
      ...(second !== undefined && { additionalNumber: additional(second, numbersOf) }),
    },
  }
}

function additional(kind: NodeKind, numbersOf: HlrOptions['numbersOf']) {
  const number = internationalNumber(numbersOf[kind])
  return kind === 'sgsn' ? { sgsn: number } : { msc: number }
}

/** An HLR tells beside an absence that it keeps the service centre in mind (TS 29.002 §12.6). */
function withStatus(answer: Routing): Routing {
  const isAbsent = answer.kind === 'error' && answer.error.error === 'absentSubscriberSM'
  return isAbsent ? { ...answer, inform: { mwStatus: ['mnrfSet'] } } : answer
}

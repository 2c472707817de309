import type { Argument, MapAnswer, MapHandlers, MapRequest } from '@ipsmgw/map'
import type { NodeKind } from '../behaviour.ts'
import type { LastHop } from '../last-hop.ts'
import type { RequestLog } from '../request-log.ts'
import { negativeAnswer } from './answers.ts'
import { MapNode, type MapNodeDependencies } from './map-node.ts'
import type { SignallingNode } from './nodes.ts'

export interface MapServingNodeOptions extends SignallingNode {
  /** What it is, by the number it was called by: an MSC may serve phones of an MME, too. */
  readonly kinds: Readonly<Partial<Record<string, NodeKind>>>
}

export interface MapServingNodeDependencies extends Omit<MapNodeDependencies, 'handlers'> {
  readonly lastHop: LastHop
  readonly log: RequestLog
}

type ForwardAnswer = MapAnswer<'mtForwardSM'> & MapAnswer<'forwardSM'>

/** MSC with its VLR, or SGSN, over MAP: mt-ForwardSM of version 3, forwardSM of versions 2 and 1. */
export class MapServingNode extends MapNode {
  constructor(options: MapServingNodeOptions, { mtp, routing, lastHop, log }: MapServingNodeDependencies) {
    const forward =
      (command: string) =>
      async (argument: Argument<'mtForwardSM'>, request: MapRequest): Promise<ForwardAnswer> => {
        const imsi = imsiOf(argument, request)
        const subscriber = imsi === undefined ? undefined : lastHop.subscriber(imsi)
        const tpdu = Buffer.from(argument.smRpUi)
        const note = log.add({
          node: options.identity,
          command,
          from: request.calling.globalTitle?.digits ?? '',
          octets: Buffer.from(request.octets ?? []).toString('hex'),
          ...(imsi !== undefined && { imsi }),
          ...(subscriber !== undefined && { msisdn: subscriber.msisdn }),
          tpdu: tpdu.toString('hex'),
          moreMessages: argument.moreMessagesToSend === true,
          version: request.version,
          dialogue: request.dialogueId,
        })
        const kind = options.kinds[request.called.globalTitle?.digits ?? ''] ?? 'msc'
        const reached = await lastHop.reach(subscriber, kind, tpdu)
        if (reached.kind === 'taken') {
          note('result')
          return { kind: 'result' }
        }
        const { answer, word } = negativeAnswer(reached, request.version)
        note(word)
        return answer as ForwardAnswer
      }
    const handlers: MapHandlers = {
      mtForwardSM: forward('mt-ForwardSM'),
      forwardSM: forward('forwardSM'),
    }
    super(options, { mtp, routing, handlers })
  }
}

/** The IMSI, which stands in the destination reference when an LMSI addresses the phone (TS 29.002 §7.6.1.2). */
function imsiOf({ smRpDa }: Argument<'mtForwardSM'>, { open }: MapRequest): string | undefined {
  if ('imsi' in smRpDa) return smRpDa.imsi
  return open?.destinationReference?.digits
}

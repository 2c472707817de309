import { setTimeout as delay } from 'node:timers/promises'
import { type Cause, causeRow } from '@ipsmgw/causes'
import {
  envelopeOf,
  type NodeOutcome,
  type ServingNode,
  type SmOutcome,
  type SmPrepared,
  type SmReport,
  type SmRouted,
} from '@ipsmgw/events'
import type { SeenSet } from '@ipsmgw/runtime'
import { detailOf, type Ending, endingOf, outcomeAt } from './ending.ts'
import { type Forwarder, type ForwardResult, type ForwardSession, nodeName } from './forwarder.ts'
import type { NodeGate } from './node-gate.ts'
import { OutgoingPart } from './outgoing-part.ts'
import type { PaceBook } from './pace.ts'

export interface DeliveryOptions {
  /** Once part 1 is acknowledged the rest is sent even past answerBy, for this long. */
  readonly remainderMs: number
  /** Pause before a node that is busy with this phone is tried again. */
  readonly busyRetryMs: number
  readonly busyRetries: number
}

export interface DeliveryDependencies {
  readonly forwarders: Readonly<Partial<Record<ServingNode['protocol'], Forwarder>>>
  readonly seen: SeenSet
  readonly pace: PaceBook
  readonly gate: NodeGate
  now(): number
  /** Durable when it resolves (acks=all): *attempted* is written before a part leaves. */
  publishReport(report: SmReport): Promise<void>
  /** Asks routing once more: the location was stale. */
  publishPrepared(prepared: SmPrepared): Promise<void>
  /** For the home network; the answer to the sender does not wait for it. */
  publishOutcome(outcome: SmOutcome): Promise<void>
  forwarded(message: SmRouted, node: ServingNode, result: ForwardResult, durationMs: number): void
}

/** Whether the claim still holds: same epoch, partition still ours. */
export type Owned = () => boolean

/** One node, and the parts on their way to it. */
interface Way {
  readonly node: ServingNode
  readonly session: ForwardSession
}

/**
 * Steps 9 to 12: one claimed message, part after part. It is called once per claim, and at the head of its phone's
 * queue; it never throws for what the network does.
 */
export class Delivery {
  readonly #options: DeliveryOptions
  readonly #dependencies: DeliveryDependencies

  constructor(options: DeliveryOptions, dependencies: DeliveryDependencies) {
    this.#options = options
    this.#dependencies = dependencies
  }

  /** A claim read again after a takeover: it was somebody's, so it is never sent from here. */
  remember(message: SmRouted): void {
    this.#dependencies.seen.add(claimId(message))
  }

  async deliver(message: SmRouted, owned: Owned): Promise<void> {
    if (!this.#dependencies.seen.add(claimId(message))) {
      await this.#report(message, { step: 'duplicate' })
      return
    }
    let part = message.routing.firstPart
    let last: Partial<SmReport> | undefined
    let stale = false
    const tried: NodeOutcome[] = []
    // By index: an iterator would be kept, too, for as long as the phone takes.
    for (let index = 0; index < message.nodes.length; index++) {
      const node = message.nodes[index] as ServingNode
      const ending = await this.#send(message, node, part, owned)
      tried.push(outcomeAt(node, ending))
      if (ending.kind === 'delivered') return this.#tellHome(message, 'delivered', tried)
      if (ending.kind === 'ended') return this.#end(message, ending.report, tried)
      part = ending.part
      last = ending.report
      stale ||= ending.stale
    }
    const inTime = part > 1 || this.#beforeForwardBy(message)
    if (stale && message.routing.attempt === 1 && inTime) await this.#routeAgain(message, part)
    else await this.#end(message, last ?? {}, tried)
  }

  /** The home network is told beside the sender: neither waits for the other, and neither is lost without the other. */
  async #end(message: SmRouted, report: Partial<SmReport>, tried: readonly NodeOutcome[]): Promise<void> {
    const ending = report.outcome === 'unknown' ? 'unknown' : 'failed'
    await Promise.all([this.#fail(message, report), this.#tellHome(message, ending, tried)])
  }

  async #tellHome(
    message: SmRouted,
    ending: SmOutcome['ending'],
    tried: readonly NodeOutcome[],
  ): Promise<void> {
    const { home, deliveryKey, imsi } = message
    if (home === undefined) return
    const { now, publishOutcome } = this.#dependencies
    await publishOutcome({
      ...envelopeOf(message),
      deliveryKey,
      imsi,
      home,
      ending,
      atMs: now(),
      nodes: [...tried],
    })
  }

  async #send(message: SmRouted, node: ServingNode, firstPart: number, owned: Owned): Promise<Ending> {
    const session = this.#dependencies.forwarders[node.protocol]?.session()
    if (session === undefined) {
      const detail = `no ${node.protocol} leg`
      return endingOf({ kind: 'not-sent', cause: 'noRouteToServingNode', detail }, firstPart, node)
    }
    const way = { node, session }
    let retries = 0
    try {
      for (let part = firstPart; part <= message.tpdus.length; ) {
        const late = retries === 0 ? this.#tooLate(message, node, part) : undefined
        if (late !== undefined) return { kind: 'ended', report: { part, cause: late, outcome: 'proof' } }
        const result = await this.#attempt(message, way, part, owned)
        if (result.kind === 'delivered') {
          await this.#report(message, {
            step: 'acknowledged',
            part,
            peer: nodeName(node),
            ...detailOf(result),
          })
          part++
          retries = 0
        } else if (this.#mayRetry(message, node, part, result, retries)) {
          await delay(this.#options.busyRetryMs)
          retries++
        } else return endingOf(result, part, node)
      }
      return { kind: 'delivered' }
    } finally {
      session.close()
    }
  }

  /**
   * The phone is busy with another SMS, or part 1 is there and a bound holds back the next, and there is time to ask
   * the same node again.
   */
  #mayRetry(
    message: SmRouted,
    node: ServingNode,
    part: number,
    result: ForwardResult,
    retries: number,
  ): boolean {
    const busy = result.kind === 'refused' && causeRow(result.cause).action === 'same-node-later'
    const held = part > 1 && result.kind === 'not-sent' && result.cause === 'servingNodeBusy'
    if (!held && !(busy && retries < this.#options.busyRetries)) return false
    return this.#tooLate(message, node, part) === undefined
  }

  /** Why this part must not start now: validity over, no time left for the whole, or the remainder's bound. */
  #tooLate(message: SmRouted, node: ServingNode, part: number): Cause | undefined {
    const now = this.#dependencies.now()
    if (part > 1)
      return now > message.answerByMs + this.#options.remainderMs ? 'expiredBeforeForward' : undefined
    if (message.expiresAtMs !== undefined && now >= message.expiresAtMs) return 'validityOver'
    if (!this.#beforeForwardBy(message)) return 'expiredBeforeForward'
    if (message.early) return undefined
    const estimateMs = this.#dependencies.pace.estimateMs(nodeName(node), message.tpdus.length)
    return now + estimateMs > message.answerByMs ? 'expiredBeforeForward' : undefined
  }

  async #attempt(message: SmRouted, way: Way, part: number, owned: Owned): Promise<ForwardResult> {
    const { gate } = this.#dependencies
    const name = nodeName(way.node)
    const held = gate.enter(name, message)
    if (held !== undefined) return held
    try {
      await this.#report(message, { step: 'attempted', part, peer: name })
      // Only now is the attempt on record; a process that was frozen in between must not begin any more. No `await`
      // of the forward: an open message pays for each frame above its phone, for as long as the phone takes.
      if (part > 1 || (owned() && this.#beforeForwardBy(message))) return this.#forward(message, way, part)
    } catch (error) {
      gate.leave(name, undefined)
      throw error
    }
    gate.leave(name, undefined)
    return {
      kind: 'not-sent',
      cause: 'expiredBeforeForward',
      detail: 'claim or time lost before the forward',
    }
  }

  /** Gives back the place at the gate with the result. */
  #forward(message: SmRouted, { node, session }: Way, part: number): Promise<ForwardResult> {
    const { gate, pace, now, forwarded } = this.#dependencies
    const sent = new OutgoingPart(message, node, part, now())
    return session.forward(sent).then(
      (result) => {
        const durationMs = now() - sent.startedAtMs
        gate.leave(nodeName(node), result)
        if (result.kind === 'delivered') pace.learn(nodeName(node), part, durationMs)
        forwarded(message, node, result, durationMs)
        return result
      },
      (error: unknown) => {
        gate.leave(nodeName(node), undefined)
        throw error
      },
    )
  }

  #routeAgain(message: SmRouted, part: number): Promise<void> {
    const originatorUri = message.correlation?.originatingUri
    return this.#dependencies.publishPrepared({
      ...envelopeOf(message),
      recipient: message.recipient,
      ...(originatorUri !== undefined && { originatorUri }),
      ...(message.hidden !== undefined && { hidden: message.hidden }),
      tpdus: message.tpdus,
      routing: { attempt: 2, firstPart: part },
      ...(message.expiresAtMs !== undefined && { expiresAtMs: message.expiresAtMs }),
      early: message.early,
    })
  }

  #beforeForwardBy(message: SmRouted): boolean {
    return this.#dependencies.now() < message.forwardByMs
  }

  #fail(message: SmRouted, report: Partial<SmReport>): Promise<void> {
    return this.#report(message, { ...report, step: 'failed' })
  }

  #report(message: SmRouted, report: Partial<SmReport> & { step: SmReport['step'] }): Promise<void> {
    return this.#dependencies.publishReport({
      ...envelopeOf(message),
      by: 'sm-delivery',
      atMs: this.#dependencies.now(),
      parts: message.tpdus.length,
      attempt: message.routing.attempt,
      ...report,
    })
  }
}

/** One claim per routing attempt: the copy of a message is caught, its second routing is not. */
function claimId(message: SmRouted): string {
  return message.routing.attempt === 1 ? message.messageId : `${message.messageId}/${message.routing.attempt}`
}

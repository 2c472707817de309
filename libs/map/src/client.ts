import type { SccpAddress } from '@ipsmgw/sccp'
import type { Tcap } from '@ipsmgw/tcap'
import { outcomeOf } from './answers.ts'
import { ForwardSession, type ForwardSessionDependencies, type ForwardTarget } from './forward-session.ts'
import { CONTEXTS, type ContextName, type MapVersion } from './messages.ts'
import { nextVersion } from './negotiation.ts'
import { type Argument, encodeArgument, OPERATIONS, type OperationName } from './operations.ts'
import type { MapOutcome } from './outcomes.ts'
import { OutgoingDialogue } from './outgoing-dialogue.ts'
import { DEFAULT_TIMERS, type MapTimers } from './timers.ts'
import { traced } from './tracing.ts'
import { VersionCache, type VersionCacheOptions } from './version-cache.ts'

export interface MapClientOptions {
  readonly timers?: Partial<MapTimers>
  /** Newest version to begin with, per context; default is the newest there is. */
  readonly newest?: Readonly<Partial<Record<ContextName, MapVersion>>>
  readonly versions?: VersionCacheOptions
}

export interface MapClientDependencies {
  readonly tcap: Tcap
  now(): number
}

/** Where an operation goes. */
export interface Destination {
  readonly remote: SccpAddress
  readonly local?: SccpAddress
  /** Under which name the version of the peer is remembered; default: by the address. */
  readonly peer?: string
  /** Instead of the timer of the operation. */
  readonly timeoutMs?: number
}

/** Short message operations towards HLR, MSC and SGSN. Never throws for what a peer does. */
export class MapClient {
  readonly #tcap: Tcap
  readonly #timers: MapTimers
  readonly #newest: Readonly<Partial<Record<ContextName, MapVersion>>>
  readonly #versions: VersionCache
  readonly #sessions: ForwardSessionDependencies

  constructor(options: MapClientOptions, dependencies: MapClientDependencies) {
    this.#tcap = dependencies.tcap
    this.#timers = { ...DEFAULT_TIMERS, ...options.timers }
    this.#newest = options.newest ?? {}
    this.#versions = new VersionCache(options.versions ?? {}, dependencies.now)
    this.#sessions = {
      tcap: this.#tcap,
      timers: this.#timers,
      version: (peer) => this.#version(peer, 'shortMsgMtRelay'),
      learn: (peer, version) => this.#versions.set(peer, 'shortMsgMtRelay', version),
    }
  }

  sendRoutingInfoForSM(
    destination: Destination,
    argument: Argument<'sendRoutingInfoForSM'>,
  ): Promise<MapOutcome<'sendRoutingInfoForSM'>> {
    return this.#once('sendRoutingInfoForSM', destination, argument, this.#timers.mediumMs)
  }

  reportSmDeliveryStatus(
    destination: Destination,
    argument: Argument<'reportSmDeliveryStatus'>,
  ): Promise<MapOutcome<'reportSmDeliveryStatus'>> {
    return this.#once('reportSmDeliveryStatus', destination, argument, this.#timers.shortMs)
  }

  readyForSM(destination: Destination, argument: Argument<'readyForSM'>): Promise<MapOutcome<'readyForSM'>> {
    return this.#once('readyForSM', destination, argument, this.#timers.mediumMs)
  }

  /** From an HLR to a service centre. */
  alertServiceCentre(
    destination: Destination,
    argument: Argument<'alertServiceCentre'>,
  ): Promise<MapOutcome<'alertServiceCentre'>> {
    return this.#once('alertServiceCentre', destination, argument, this.#timers.shortMs)
  }

  /** Version 1 from an HLR to a service centre: nothing comes back. False when it did not leave. */
  alertServiceCentreWithoutResult(
    { remote, local }: Destination,
    argument: Argument<'alertServiceCentreWithoutResult'>,
  ): boolean {
    const dialogue = this.#tcap.dialogue({ remote, ...(local !== undefined && { local }) }, () => {})
    dialogue.invoke({
      operation: OPERATIONS.alertServiceCentreWithoutResult.code,
      parameter: encodeArgument('alertServiceCentreWithoutResult', argument, 1),
      timeoutMs: this.#timers.shortMs,
      class: 4,
    })
    const { sent } = dialogue.begin()
    dialogue.end({ prearranged: true })
    return sent
  }

  /** The parts of one message on their way to one node, over as few dialogues as the node allows. */
  forward(target: ForwardTarget): ForwardSession {
    return new ForwardSession(target, this.#sessions)
  }

  #once<N extends OperationName>(
    name: N,
    destination: Destination,
    argument: Argument<N>,
    timeoutMs: number,
  ): Promise<MapOutcome<N>> {
    const { remote, peer = remote.key() } = destination
    return traced(name, peer, () => this.#perform(name, destination, argument, timeoutMs))
  }

  /** One operation in a dialogue of its own, in the versions that the peer understands. */
  async #perform<N extends OperationName>(
    name: N,
    destination: Destination,
    argument: Argument<N>,
    timeoutMs: number,
  ): Promise<MapOutcome<N>> {
    const { code, context } = OPERATIONS[name]
    const versions: readonly MapVersion[] = OPERATIONS[name].versions
    const { remote, local, peer = remote.key() } = destination
    let version = this.#version(peer, context)
    for (;;) {
      const offered = { name: context, version }
      const dialogue = new OutgoingDialogue(this.#tcap, {
        remote,
        ...(local !== undefined && { local }),
        context: offered,
        openTimeoutMs: this.#timers.openMs,
      })
      const parameter = encodeArgument(name, argument, version)
      const attempt = await dialogue.perform(code, parameter, destination.timeoutMs ?? timeoutMs, false)
      const next = attempt.kind === 'notExecuted' && attempt.failure && nextVersion(offered, attempt.failure)
      if (!next || !versions.includes(next)) return outcomeOf(name, attempt, version)
      this.#versions.set(peer, context, next)
      version = next
    }
  }

  #version(peer: string, context: ContextName): MapVersion {
    return this.#versions.get(peer, context) ?? this.#newest[context] ?? CONTEXTS[context].newest
  }
}

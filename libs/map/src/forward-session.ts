import type { SccpAddress } from '@ipsmgw/sccp'
import type { Tcap } from '@ipsmgw/tcap'
import { outcomeOf } from './answers.ts'
import { imsiAddress, type MapAddress, type MapVersion } from './messages.ts'
import { nextVersion } from './negotiation.ts'
import { type Argument, encodeArgument, OPERATIONS } from './operations.ts'
import type { MapOutcome } from './outcomes.ts'
import { type Attempt, OutgoingDialogue } from './outgoing-dialogue.ts'
import type { MapTimers } from './timers.ts'
import { traced } from './tracing.ts'

/** The phone at its serving node. */
export interface ForwardTarget {
  readonly remote: SccpAddress
  readonly local?: SccpAddress
  /** Under which name the version of the node is remembered; default: by the address. */
  readonly peer?: string
  readonly imsi: string
  /** As the HLR gave it for this node; the IMSI then goes into the destination reference. */
  readonly lmsi?: Uint8Array
  readonly serviceCentreAddress: MapAddress
  /** Instead of the timer ml, for each part. */
  readonly timeoutMs?: number
}

/** One SMS-DELIVER. */
export interface ForwardPart {
  readonly tpdu: Uint8Array
  /** Another part follows. */
  readonly moreMessagesToSend?: boolean
  /** 30 to 600: how long the node may try. Version 3 only. */
  readonly smDeliveryTimerSeconds?: number
  /** Seconds since 1900. Version 3 only. */
  readonly smDeliveryStartTime?: Uint8Array
}

/** What all sessions of one client share. */
export interface ForwardSessionDependencies {
  readonly tcap: Tcap
  readonly timers: MapTimers
  version(peer: string): MapVersion
  learn(peer: string, version: MapVersion): void
}

/**
 * Forwards the parts of one message one after another: mt-ForwardSM, or forwardSM where the node is older. A part that
 * a node refused to take for its version is sent again in an older one, since the refusal proves that it was not
 * executed; nothing else is ever repeated here.
 */
export class ForwardSession {
  readonly #target: ForwardTarget
  readonly #dependencies: ForwardSessionDependencies
  #dialogue: OutgoingDialogue | undefined
  #version: MapVersion

  constructor(target: ForwardTarget, dependencies: ForwardSessionDependencies) {
    this.#target = target
    this.#dependencies = dependencies
    this.#version = dependencies.version(peerOf(target))
  }

  /** One part at a time; the next only after this outcome, and not after one that failed. */
  forward(part: ForwardPart): Promise<MapOutcome<'mtForwardSM'>> {
    return traced('mtForwardSM', peerOf(this.#target), () => this.#forward(part))
  }

  #forward(part: ForwardPart): Promise<MapOutcome<'mtForwardSM'>> {
    const version = this.#version
    return this.#attempt(part, version).then((attempt) => this.#settle(attempt, part, version))
  }

  /** What the attempt says, or the outcome of the part in an older version. */
  #settle(
    attempt: Attempt,
    part: ForwardPart,
    version: MapVersion,
  ): MapOutcome<'mtForwardSM'> | Promise<MapOutcome<'mtForwardSM'>> {
    if (attempt.kind !== 'answer' || attempt.component.kind !== 'returnResultLast') this.close()
    const next =
      attempt.kind === 'notExecuted' && attempt.failure !== undefined
        ? nextVersion({ name: 'shortMsgMtRelay', version }, attempt.failure)
        : undefined
    if (next === undefined) return outcomeOf('mtForwardSM', attempt, version)
    this.#dependencies.learn(peerOf(this.#target), next)
    this.#version = next
    return this.#forward(part)
  }

  /** Ends the dialogue, if the node still holds one open. */
  close(): void {
    this.#dialogue?.close()
    this.#dialogue = undefined
  }

  #attempt(part: ForwardPart, version: MapVersion): Promise<Attempt> {
    // Version 1 has no word for more parts: the dialogue ends with each.
    const keepOpen = part.moreMessagesToSend === true && version > 1
    const kept = this.#dialogue?.open === true ? this.#dialogue : undefined
    const dialogue = kept ?? this.#open(version)
    this.#dialogue = dialogue
    const name = version === 3 ? 'mtForwardSM' : 'forwardSM'
    const parameter = encodeArgument(name, this.#argument(part), version)
    const timeoutMs = this.#target.timeoutMs ?? this.#dependencies.timers.mediumLongMs
    return dialogue.perform(OPERATIONS[name].code, parameter, timeoutMs, keepOpen)
  }

  #open(version: MapVersion): OutgoingDialogue {
    const { remote, local, lmsi, imsi } = this.#target
    return new OutgoingDialogue(this.#dependencies.tcap, {
      remote,
      ...(local !== undefined && { local }),
      context: { name: 'shortMsgMtRelay', version },
      ...(lmsi !== undefined && { open: { pdu: 'open', destinationReference: imsiAddress(imsi) } }),
      openTimeoutMs: this.#dependencies.timers.openMs,
    })
  }

  #argument(part: ForwardPart): Argument<'mtForwardSM'> {
    const { imsi, lmsi, serviceCentreAddress } = this.#target
    const { tpdu, moreMessagesToSend, smDeliveryTimerSeconds, smDeliveryStartTime } = part
    return {
      smRpDa: lmsi === undefined ? { imsi } : { lmsi },
      smRpOa: { serviceCentreAddressOa: serviceCentreAddress },
      smRpUi: tpdu,
      ...(moreMessagesToSend === true && { moreMessagesToSend }),
      ...(smDeliveryTimerSeconds !== undefined && { smDeliveryTimerSeconds }),
      ...(smDeliveryStartTime !== undefined && { smDeliveryStartTime }),
    }
  }
}

function peerOf({ remote, peer }: ForwardTarget): string {
  return peer ?? remote.key()
}

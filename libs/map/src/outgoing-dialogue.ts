import type { SccpAddress } from '@ipsmgw/sccp'
import {
  type Dialogue,
  type DialogueFailure,
  type DialogueIndication,
  executedNothing,
  type IndicatedComponent,
  type Reject,
  type ReturnError,
  type ReturnResult,
  type Tcap,
} from '@ipsmgw/tcap'
import { type DialoguePdu, encodeDialoguePdu, ProcedureCancellation } from './dialogue.ts'
import { type ApplicationContext, contextOid } from './messages.ts'
import { type Argument, decodeArgument, OPERATIONS } from './operations.ts'
import type { NotExecuted, UnknownReason } from './outcomes.ts'

/** The answer of the peer, or why there is none. */
export type Attempt =
  | {
      readonly kind: 'answer'
      readonly component: ReturnResult | ReturnError | Reject
      readonly inform: Argument<'informServiceCentre'> | undefined
    }
  | { readonly kind: 'notExecuted'; readonly why: NotExecuted; readonly failure: DialogueFailure | undefined }
  | { readonly kind: 'unknown'; readonly reason: UnknownReason }

export interface OutgoingDialogueOptions {
  readonly remote: SccpAddress
  readonly local?: SccpAddress
  readonly context: ApplicationContext
  /** MAP-OPEN, where references are needed. */
  readonly open?: DialoguePdu & { pdu: 'open' }
  /** How long an empty BEGIN may wait for its answer. */
  readonly openTimeoutMs: number
}

/** One operation that waits for its answer. */
interface Pending {
  readonly invokeId: number
  readonly settle: (attempt: Attempt) => void
  /** Which message carries it. */
  carriedBy: 'none' | 'begin' | 'continue'
}

/**
 * A dialogue of ours in which one operation after the other is performed. It keeps the truth about each: whether it
 * left, in which message, and what the end of the dialogue proves about it.
 */
export class OutgoingDialogue {
  readonly #dialogue: Dialogue
  #pending: Pending | undefined
  #inform: Argument<'informServiceCentre'> | undefined
  #keepOpen = false

  constructor(tcap: Tcap, { remote, local, context, open, openTimeoutMs }: OutgoingDialogueOptions) {
    this.#dialogue = tcap.dialogue(
      {
        remote,
        ...(local !== undefined && { local }),
        guardMs: openTimeoutMs,
        ...(context.version > 1 && { applicationContext: contextOid(context) }),
        ...(context.version > 1 && open !== undefined && { userInformation: encodeDialoguePdu(open) }),
      },
      (indication) => this.#on(indication),
    )
  }

  /** Whether another operation can be performed: the peer kept the dialogue open. */
  get open(): boolean {
    return this.#dialogue.state === 'active' && this.#pending === undefined
  }

  /** One at a time. With `keepOpen` the dialogue stays, as long as the peer keeps it, too. */
  perform(operation: number, parameter: Uint8Array, timeoutMs: number, keepOpen: boolean): Promise<Attempt> {
    this.#keepOpen = keepOpen
    return new Promise((settle) => {
      const invokeId = this.#dialogue.invoke({ operation, parameter, timeoutMs })
      this.#pending = { invokeId, settle, carriedBy: 'none' }
      if (this.#dialogue.state === 'idle') this.#begin(this.#pending)
      else this.#continue(this.#pending)
    })
  }

  /** Ends what is still open. */
  close(): void {
    if (this.#dialogue.state === 'active') this.#dialogue.end()
  }

  #begin(pending: Pending): void {
    const outcome = this.#dialogue.begin({ mayDefer: true })
    if (!outcome.sent) this.#notExecuted({ reason: 'notSent', sendReason: outcome.reason })
    else if (!outcome.deferred) pending.carriedBy = 'begin'
  }

  #continue(pending: Pending): void {
    const outcome = this.#dialogue.continue()
    if (outcome.sent) pending.carriedBy = 'continue'
    else {
      this.#notExecuted({ reason: 'notSent', sendReason: outcome.reason })
      this.#abort()
    }
  }

  #on(indication: DialogueIndication): void {
    switch (indication.kind) {
      case 'continue':
        this.#onContinue(indication.components)
        break
      case 'end':
        this.#read(indication.components)
        if (this.#pending !== undefined) this.#endedWithoutAnswer(indication.components)
        break
      case 'invokeTimeout':
        this.#settle({ kind: 'unknown', reason: 'timeout' })
        this.#abort()
        break
      default:
        this.#onFailure(indication)
    }
  }

  #onContinue(components: readonly IndicatedComponent[]): void {
    const pending = this.#pending
    if (pending?.carriedBy === 'none') {
      this.#continue(pending)
      return
    }
    const answered = this.#read(components)
    if (components.some(({ kind }) => kind === 'localReject') && !answered) {
      this.#settle({ kind: 'unknown', reason: 'malformed' })
      this.#abort()
    } else if (answered && !this.#keepOpen && this.#pending === undefined) this.close()
  }

  /** Takes the answer, and what the HLR tells beside it, which may stand behind it. */
  #read(components: readonly IndicatedComponent[]): boolean {
    for (const component of components)
      if (component.kind === 'invoke') this.#onInvoke(component.operation, component.parameter)
    for (const component of components) {
      if (component.kind === 'invoke' || component.kind === 'localReject') continue
      const isOurs = component.invokeId === this.#pending?.invokeId
      const isAboutUs = component.kind === 'reject' && component.invokeId === undefined
      if (component.kind === 'returnResultNotLast' || !(isOurs || isAboutUs)) continue
      const inform = this.#inform
      this.#inform = undefined
      this.#settle({ kind: 'answer', component, inform })
      return true
    }
    return false
  }

  #onInvoke(operation: number | string, parameter: Uint8Array | undefined): void {
    if (operation !== OPERATIONS.informServiceCentre.code) return
    this.#inform = readInform(parameter)
  }

  #endedWithoutAnswer(components: readonly IndicatedComponent[]): void {
    if (this.#pending?.carriedBy === 'none') this.#notExecuted({ reason: 'neverOpened' })
    else {
      const malformed = components.some(({ kind }) => kind === 'localReject')
      this.#settle({ kind: 'unknown', reason: malformed ? 'malformed' : 'noAnswer' })
    }
  }

  #onFailure(failure: DialogueFailure): void {
    const pending = this.#pending
    if (pending === undefined) return
    const proof = proofOf(pending, failure)
    if (proof !== undefined) this.#notExecuted(proof, failure)
    else this.#settle({ kind: 'unknown', reason: UNKNOWN[failure.kind] })
  }

  #notExecuted(why: NotExecuted, failure?: DialogueFailure): void {
    this.#settle({ kind: 'notExecuted', why, failure })
  }

  #settle(attempt: Attempt): void {
    const pending = this.#pending
    this.#pending = undefined
    pending?.settle(attempt)
  }

  #abort(): void {
    const userInformation = encodeDialoguePdu({
      pdu: 'userAbort',
      choice: { applicationProcedureCancellation: ProcedureCancellation.remoteOperationsFailure },
    })
    if (this.#dialogue.state !== 'terminated') this.#dialogue.abort({ userInformation })
  }
}

const UNKNOWN = {
  refused: 'aborted',
  providerAbort: 'aborted',
  userAbort: 'aborted',
  notice: 'aborted',
  malformed: 'malformed',
  timeout: 'timeout',
  closed: 'closed',
} as const satisfies Record<DialogueFailure['kind'], UnknownReason>

/**
 * What proves that the operation was not executed; undefined when nothing does. A BEGIN that comes back after the peer
 * had answered it is a copy, and proves nothing.
 */
function proofOf({ carriedBy, invokeId }: Pending, failure: DialogueFailure): NotExecuted | undefined {
  if (failure.kind === 'notice') {
    const itself = failure.invokeIds?.includes(invokeId) ?? true
    const proves = carriedBy === 'none' || (itself && (carriedBy === 'continue' || !failure.established))
    return proves ? { reason: 'returned', returnCause: failure.returnCause } : undefined
  }
  if (carriedBy === 'continue') return undefined
  if (carriedBy === 'begin' && !executedNothing(failure)) return undefined
  if (failure.kind === 'refused') return { reason: 'refused' }
  if (failure.kind === 'providerAbort') return { reason: 'abortedAtOnce', pAbortCause: failure.cause }
  return { reason: 'neverOpened' }
}

/** What cannot be read of it is left aside: it is news beside the answer. */
function readInform(parameter: Uint8Array | undefined): Argument<'informServiceCentre'> | undefined {
  try {
    return decodeArgument('informServiceCentre', parameter)
  } catch {
    return undefined
  }
}

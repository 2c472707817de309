import type { DecodeError } from '@ipsmgw/bytes'
import type { SccpAddress } from '@ipsmgw/sccp'
import { encodeTcap } from './codec.ts'
import type { DialogueHost, DialogueParameters } from './dialogue-host.ts'
import { abortMessage, acceptance, indicationOf } from './dialogue-messages.ts'
import { type DialogueEffect, type DialogueEvent, type DialogueState, dialogueTransition } from './fsm.ts'
import { Invocations } from './invocations.ts'
import {
  type Code,
  type Component,
  PAbortCause,
  type Problem,
  type ReceivedComponent,
  type ReceivedMessage,
  type TcapMessage,
} from './messages.ts'
import { writeId } from './transaction-ids.ts'
import type {
  AbortReason,
  DialogueIndication,
  DialogueUser,
  IndicatedComponent,
  InvokeRequest,
  SendOutcome,
} from './user.ts'

const REFUSED: SendOutcome = { sent: false, reason: 'forbidden' }
const SENT: SendOutcome = { sent: true, deferred: false }
/** Time that the idle guard leaves after the last invoke timer. */
const GUARD_MARGIN_MS = 5_000
const NO_ID = new Uint8Array(0)
const NO_REASON: AbortReason = {}

/**
 * One structured dialogue. Components are queued by `invoke`, `result`, `error` and `reject`, and leave with the next
 * `begin`, `continue` or `end`. All methods may be called from within an indication.
 */
export class Dialogue {
  readonly id: number
  readonly #host: DialogueHost
  readonly #parameters: DialogueParameters
  readonly #invocations = new Invocations()
  #user: DialogueUser = () => {}
  #state: DialogueState = 'idle'
  #remote: SccpAddress
  #remotePointCode: number | undefined
  #remoteId: Uint8Array | undefined
  #queue: Component[] = []
  #established = false
  /** A responder accepts the dialogue in its first message. */
  #owesAare = false
  #guardDueMs = 0
  #abortReason: AbortReason = NO_REASON

  constructor(parameters: DialogueParameters, host: DialogueHost) {
    this.id = parameters.id
    this.#parameters = parameters
    this.#host = host
    this.#remote = parameters.remote
    this.#remotePointCode = parameters.remotePointCode
  }

  get state(): DialogueState {
    return this.#state
  }

  /** The address that the peer's last message came from. */
  get remote(): SccpAddress {
    return this.#remote
  }

  /** Whether the peer has answered, or began the dialogue. */
  get established(): boolean {
    return this.#established
  }

  /** Queues an invocation; gives its id. Throws RangeError when 256 wait for an answer. */
  invoke({ operation, parameter, timeoutMs, class: operationClass = 1, linkedId }: InvokeRequest): number {
    const invokeId = this.#invocations.add(operationClass, timeoutMs)
    this.#queue.push({
      kind: 'invoke',
      invokeId,
      ...(linkedId !== undefined && { linkedId }),
      operation,
      ...(parameter !== undefined && { parameter }),
    })
    return invokeId
  }

  result(invokeId: number, operation?: Code, parameter?: Uint8Array, last = true): void {
    const kind = last ? 'returnResultLast' : 'returnResultNotLast'
    if (operation === undefined || parameter === undefined) this.#queue.push({ kind, invokeId })
    else this.#queue.push({ kind, invokeId, operation, parameter })
  }

  error(invokeId: number, error: Code, parameter?: Uint8Array): void {
    this.#queue.push({ kind: 'returnError', invokeId, error, ...(parameter !== undefined && { parameter }) })
  }

  reject(invokeId: number | undefined, problem: Problem): void {
    this.#queue.push({ kind: 'reject', invokeId, problem })
  }

  /**
   * TC-BEGIN. With `mayDefer`, components that make the message longer than one UDT stay queued, and an empty BEGIN
   * goes out; they leave with the first `continue`.
   */
  begin(options: { mayDefer?: boolean } = {}): SendOutcome {
    if (this.#state !== 'idle') return REFUSED
    if (!this.#host.admit(this)) return { sent: false, reason: 'tooManyDialogues' }
    const { applicationContext, userInformation } = this.#parameters
    const head = {
      type: 'begin' as const,
      otid: writeId(this.id),
      ...(applicationContext !== undefined && {
        dialogue: {
          apdu: 'AARQ' as const,
          applicationContext,
          ...(userInformation !== undefined && { userInformation }),
        },
      }),
    }
    let components = this.#queue
    let octets = encodeTcap({ ...head, components })
    const deferred =
      options.mayDefer === true &&
      applicationContext !== undefined &&
      components.length > 0 &&
      octets.length > this.#host.limit(this.#remote, this.#parameters.local)
    if (deferred) {
      components = []
      octets = encodeTcap({ ...head, components })
    }
    const outcome = this.#request('userBegin', octets, components)
    return outcome.sent && deferred ? { sent: true, deferred } : outcome
  }

  /** TC-CONTINUE with what is queued. */
  continue(): SendOutcome {
    const components = this.#queue
    return this.#request('userContinue', undefined, components)
  }

  /** TC-END, basic: with what is queued. Pre-arranged: both sides know, nothing is sent. */
  end(options: { prearranged?: boolean } = {}): SendOutcome {
    if (options.prearranged === true) return this.#request('userEndPrearranged', undefined, [])
    return this.#request('userEnd', undefined, this.#queue)
  }

  /** TC-U-ABORT. Before the peer has answered nothing is sent: its id is not known. */
  abort(reason: AbortReason = NO_REASON): SendOutcome {
    this.#abortReason = reason
    return this.#request('userAbort', undefined, [])
  }

  /** A BEGIN opens this dialogue as responder. */
  open(message: ReceivedMessage & { type: 'begin' }): readonly IndicatedComponent[] {
    this.#remoteId = Uint8Array.prototype.slice.call(message.otid)
    this.#established = true
    this.#owesAare = true
    this.#run('begin', {})
    return this.#indicated(message.components)
  }

  attach(user: DialogueUser): void {
    this.#user = user
  }

  receive(
    message: ReceivedMessage & { type: 'continue' | 'end' | 'abort' },
    from: { readonly calling: SccpAddress; readonly pointCode: number | undefined },
  ): void {
    const step = dialogueTransition(this.#state, message.type)
    if (step.effects.includes('discard')) {
      this.#host.event('discarded')
      return
    }
    this.#remote = from.calling
    this.#remotePointCode = from.pointCode
    if (message.type === 'continue' && this.#remoteId === undefined)
      this.#remoteId = Uint8Array.prototype.slice.call(message.otid)
    const indication = indicationOf(message, this.#established, (components) => this.#indicated(components))
    this.#established = true
    this.#run(message.type, { indication })
  }

  notice(returnCause: number, invokeIds: readonly number[] | undefined): void {
    const established = this.#established
    this.#run('notice', { indication: { kind: 'notice', returnCause, invokeIds, established } })
  }

  /** `otid` is the id to abort, when the message that cannot be read had one. */
  malformed(fault: DecodeError, otid: Uint8Array | undefined): void {
    const established = this.#established
    this.#remoteId = otid && Uint8Array.prototype.slice.call(otid)
    this.#run('malformed', { indication: { kind: 'malformed', fault, established } })
  }

  /** The timer has come. */
  expire(): void {
    if (this.#state === 'terminated') return
    const now = this.#host.now()
    for (const invokeId of this.#invocations.expire(now)) {
      this.#host.event('timeout')
      this.#tell({ kind: 'invokeTimeout', invokeId })
    }
    if (this.#isOver()) return
    if (this.#guardDueMs <= now) {
      this.#host.event('timeout')
      this.#run('guardExpiry', { indication: { kind: 'timeout', established: this.#established } })
    } else this.#arm()
  }

  /** The TCAP closes. */
  close(): void {
    if (this.#state === 'terminated') return
    this.#state = 'terminated'
    this.#host.release(this)
    this.#tell({ kind: 'closed', established: this.#established })
  }

  #isOver(): boolean {
    return this.#state === 'terminated'
  }

  #indicated(components: readonly ReceivedComponent[]): IndicatedComponent[] {
    return components.map((component) => {
      const indicated = this.#invocations.receive(component)
      if (indicated.kind === 'localReject') {
        this.#host.event('componentRejected')
        this.reject(indicated.invokeId, indicated.problem)
      }
      return indicated
    })
  }

  /** A request of the user: runs the table and tells whether the message left. */
  #request(event: DialogueEvent, octets: Buffer | undefined, components: readonly Component[]): SendOutcome {
    const context: Context = { octets, components }
    this.#run(event, context)
    return context.outcome ?? SENT
  }

  #run(event: DialogueEvent, context: Context): void {
    const { next, effects } = dialogueTransition(this.#state, event)
    this.#state = next
    for (const effect of effects) this.#execute(effect, context)
  }

  #execute(effect: DialogueEffect, context: Context): void {
    switch (effect) {
      case 'sendBegin':
      case 'sendContinue':
      case 'sendEnd':
        this.#sendQueued(effect, context)
        break
      case 'sendAbort':
        this.#sendAbort(this.#abortReason, context)
        break
      case 'sendProviderAbort':
        this.#sendAbort({ pAbortCause: PAbortCause.badlyFormattedTransactionPortion }, context)
        break
      case 'startGuard':
        this.#startGuard()
        break
      case 'deliver':
      case 'reportNotice':
      case 'reportMalformed':
      case 'reportTimeout':
        if (context.indication !== undefined) this.#tell(context.indication)
        break
      case 'release':
        this.#host.release(this)
        break
      case 'forbid':
        context.outcome = REFUSED
        break
      case 'discard':
        this.#host.event('discarded')
        break
    }
  }

  #sendQueued(effect: 'sendBegin' | 'sendContinue' | 'sendEnd', context: Context): void {
    const components = context.components ?? []
    if (components === this.#queue) this.#queue = []
    const octets = context.octets ?? encodeTcap(this.#message(effect, components))
    if (this.#send(octets, context, effect === 'sendBegin')) {
      this.#invocations.sent(components, this.#host.now())
      if (effect === 'sendBegin') this.#host.event('begun')
    } else {
      this.#invocations.dropped(components)
      this.#run('sendRefused', context)
    }
  }

  /** The first backward message of a responder accepts the dialogue. */
  #message(effect: 'sendBegin' | 'sendContinue' | 'sendEnd', components: readonly Component[]): TcapMessage {
    const dtid = this.#remoteId ?? NO_ID
    const { applicationContext } = this.#parameters
    const accepts = this.#owesAare && applicationContext !== undefined
    this.#owesAare = false
    const portions = accepts ? { dialogue: acceptance(applicationContext), components } : { components }
    if (effect === 'sendEnd') return { type: 'end', dtid, ...portions }
    return { type: 'continue', otid: writeId(this.id), dtid, ...portions }
  }

  /** Without the peer's id there is nobody to tell. */
  #sendAbort(reason: AbortReason, context: Context): void {
    if (this.#remoteId === undefined) return
    const withDialogue = this.#parameters.applicationContext !== undefined
    this.#send(encodeTcap(abortMessage(reason, this.#remoteId, withDialogue)), context)
  }

  /** Whether it left. */
  #send(data: Uint8Array, context: Context, startsDialogue = false): boolean {
    const result = this.#host.send({
      called: this.#remote,
      calling: this.#parameters.local,
      data,
      ...(startsDialogue && { startsDialogue }),
      ...(this.#remotePointCode !== undefined && { pointCode: this.#remotePointCode }),
    })
    if (!result.sent) context.outcome = { sent: false, reason: result.reason }
    return result.sent
  }

  #startGuard(): void {
    if (this.#isOver()) return
    const now = this.#host.now()
    const { latestMs } = this.#invocations.dueTimes()
    this.#guardDueMs = Math.max(
      now + (this.#parameters.guardMs ?? this.#host.guardMs),
      latestMs + GUARD_MARGIN_MS,
    )
    this.#arm()
  }

  #arm(): void {
    this.#host.arm(this, Math.min(this.#guardDueMs, this.#invocations.dueTimes().earliestMs))
  }

  /** A fault of the user ends its dialogue, not the others. */
  #tell(indication: DialogueIndication): void {
    try {
      this.#user(indication)
    } catch (error) {
      this.#host.fault(error)
      this.abort()
    }
  }
}

/** One run of the table: what comes in, and what the user is told. */
interface Context {
  readonly octets?: Buffer | undefined
  readonly components?: readonly Component[]
  readonly indication?: DialogueIndication
  outcome?: SendOutcome
}

import { DecodeError } from '@ipsmgw/bytes'
import type { SccpAddress } from '@ipsmgw/sccp'
import {
  type AbortReason,
  type BeginIndication,
  type Dialogue,
  type IndicatedComponent,
  type Invoke,
  InvokeProblem,
  type Problem,
} from '@ipsmgw/tcap'
import { type DialoguePdu, decodeDialoguePdu } from './dialogue.ts'
import { encodeMapError, type MapError } from './errors.ts'
import type { ApplicationContext, MapVersion } from './messages.ts'
import {
  type Argument,
  decodeArgument,
  encodeArgument,
  encodeResult,
  OPERATIONS,
  type OperationName,
  operationOf,
  type Result,
} from './operations.ts'

/** What a handler says. */
export type MapAnswer<N extends OperationName> =
  | {
      readonly kind: 'result'
      readonly result?: Result<N>
      /** Told beside the answer, by an HLR. */
      readonly inform?: Argument<'informServiceCentre'>
    }
  | {
      readonly kind: 'error'
      readonly error: MapError
      readonly inform?: Argument<'informServiceCentre'>
    }
  | { readonly kind: 'reject'; readonly problem: Problem }
  | { readonly kind: 'abort'; readonly reason?: AbortReason }
  /** The dialogue ends without an answer, as that of a faulty node may. */
  | { readonly kind: 'end' }
  /** Nothing is ever answered; the dialogue stays until its guard ends it. */
  | { readonly kind: 'silence' }

/** About one request. */
export interface MapRequest {
  readonly version: MapVersion
  readonly called: SccpAddress
  readonly calling: SccpAddress
  readonly open: (DialoguePdu & { pdu: 'open' }) | undefined
  /** The same for all requests of one dialogue. */
  readonly dialogueId: number
  /** The argument as it was received. */
  readonly octets: Uint8Array | undefined
}

export type MapHandlers = {
  readonly [N in OperationName]?: (
    argument: Argument<N>,
    request: MapRequest,
  ) => MapAnswer<N> | Promise<MapAnswer<N>>
}

export interface MapServerDependencies {
  readonly handlers: MapHandlers
  /** An exception out of a handler: the peer gets systemFailure. */
  onFault?(error: unknown): void
}

type Handler = (
  argument: unknown,
  request: MapRequest,
) => MapAnswer<OperationName> | Promise<MapAnswer<OperationName>>

const INFORM_TIMEOUT_MS = 10_000
const SYSTEM_FAILURE: MapAnswer<OperationName> = { kind: 'error', error: { error: 'systemFailure' } }

/** One dialogue that a peer began: its operations are handed to the handlers, and answered as they decide. */
export class IncomingDialogue {
  readonly #dialogue: Dialogue
  readonly #dependencies: MapServerDependencies
  readonly #context: ApplicationContext | undefined
  readonly #request: Omit<MapRequest, 'octets'>
  /** Invocations whose handler has not spoken yet. */
  readonly #open = new Set<number>()
  /** The peer said that another operation follows. */
  #moreFollows = false
  /** Something is queued that has to go out. */
  #hasToSay = false

  /** `context` is undefined in version 1. Throws nothing. */
  constructor(
    dialogue: Dialogue,
    dependencies: MapServerDependencies,
    context: ApplicationContext | undefined,
    { called, calling, aarq }: BeginIndication,
  ) {
    this.#dialogue = dialogue
    this.#dependencies = dependencies
    this.#context = context
    this.#request = {
      version: context?.version ?? 1,
      called,
      calling,
      open: readOpen(aarq?.userInformation),
      dialogueId: dialogue.id,
    }
  }

  /** The components of one message; an empty BEGIN is accepted. */
  receive(components: readonly IndicatedComponent[]): void {
    this.#moreFollows = false
    if (components.length === 0 && this.#dialogue.state === 'initiationReceived') {
      if (this.#context === undefined) this.#dialogue.abort()
      else this.#dialogue.continue()
      return
    }
    for (const component of components) {
      if (component.kind === 'invoke') this.#invoke(component)
      else if (component.kind === 'localReject') this.#hasToSay = true
    }
    this.#answerWhenDone()
  }

  #invoke(invoke: Invoke): void {
    const { invokeId } = invoke
    const name = this.#operation(invoke)
    const handler = name && (this.#dependencies.handlers[name] as Handler | undefined)
    const argument = name && readArgument(name, invoke.parameter)
    if (this.#open.has(invokeId)) this.#reject(invokeId, InvokeProblem.duplicateInvokeId)
    else if (name === undefined || handler === undefined)
      this.#reject(invokeId, InvokeProblem.unrecognizedOperation)
    else if (argument === undefined) this.#reject(invokeId, InvokeProblem.mistypedParameter)
    else this.#perform(invoke, name, handler, argument)
  }

  #perform({ invokeId, parameter }: Invoke, name: OperationName, handler: Handler, argument: object): void {
    this.#moreFollows ||= 'moreMessagesToSend' in argument
    this.#open.add(invokeId)
    this.#ask(handler, argument, { ...this.#request, octets: parameter }).then(
      (answer) => this.#answer(invokeId, name, answer),
      (error: unknown) => this.#dependencies.onFault?.(error),
    )
  }

  /** The operation, when it belongs to the context of the dialogue. */
  #operation({ operation }: Invoke): OperationName | undefined {
    const { version } = this.#request
    const name = operationOf(operation, version, this.#context?.name)
    if (name === undefined) return undefined
    const { context, versions }: { context: string; versions: readonly MapVersion[] } = OPERATIONS[name]
    if (!versions.includes(version)) return undefined
    return this.#context === undefined || this.#context.name === context ? name : undefined
  }

  async #ask(handler: Handler, argument: object, request: MapRequest): Promise<MapAnswer<OperationName>> {
    try {
      return await handler(argument, request)
    } catch (error) {
      this.#dependencies.onFault?.(error)
      return SYSTEM_FAILURE
    }
  }

  #answer(invokeId: number, name: OperationName, answer: MapAnswer<OperationName>): void {
    if (answer.kind === 'silence' || this.#dialogue.state === 'terminated') return
    this.#open.delete(invokeId)
    if (answer.kind === 'abort') {
      this.#dialogue.abort(answer.reason ?? {})
      return
    }
    if (answer.kind === 'end') {
      this.#dialogue.end()
      return
    }
    if (OPERATIONS[name].class !== 4) this.#queue(invokeId, name, answer)
    this.#answerWhenDone()
  }

  #queue(
    invokeId: number,
    name: OperationName,
    answer: Exclude<MapAnswer<OperationName>, { kind: 'silence' | 'abort' | 'end' }>,
  ): void {
    const { version } = this.#request
    this.#hasToSay = true
    if (answer.kind === 'reject') {
      this.#dialogue.reject(invokeId, answer.problem)
      return
    }
    if (answer.kind === 'result') {
      const parameter = answer.result && encodeResult(name, answer.result, version)
      this.#dialogue.result(invokeId, OPERATIONS[name].code, parameter)
    } else {
      this.#moreFollows = false
      const { code, parameter } = encodeMapError(answer.error, version)
      this.#dialogue.error(invokeId, code, parameter)
    }
    if (answer.inform !== undefined && version > 1) this.#inform(answer.inform, version)
  }

  #inform(argument: Argument<'informServiceCentre'>, version: MapVersion): void {
    this.#dialogue.invoke({
      operation: OPERATIONS.informServiceCentre.code,
      parameter: encodeArgument('informServiceCentre', argument, version),
      timeoutMs: INFORM_TIMEOUT_MS,
      class: 4,
    })
  }

  #reject(invokeId: number, code: number): void {
    this.#hasToSay = true
    this.#dialogue.reject(invokeId, { type: 'invoke', code })
  }

  #answerWhenDone(): void {
    if (this.#open.size > 0 || this.#dialogue.state === 'terminated') return
    const hasToSay = this.#hasToSay
    this.#hasToSay = false
    if (!hasToSay) this.#dialogue.end({ prearranged: this.#context === undefined })
    else if (this.#moreFollows && this.#request.version > 1) this.#dialogue.continue()
    else this.#dialogue.end()
  }
}

/** The argument; undefined when it cannot be read. */
function readArgument(name: OperationName, parameter: Uint8Array | undefined): object | undefined {
  try {
    return decodeArgument(name, parameter)
  } catch (error) {
    if (error instanceof DecodeError) return undefined
    throw error
  }
}

/** References of a MAP-OPEN; what cannot be read of them does not stop the dialogue. */
function readOpen(userInformation: Parameters<typeof decodeDialoguePdu>[0]): MapRequest['open'] {
  try {
    const pdu = decodeDialoguePdu(userInformation)
    return pdu?.pdu === 'open' ? pdu : undefined
  } catch (error) {
    if (error instanceof DecodeError) return undefined
    throw error
  }
}

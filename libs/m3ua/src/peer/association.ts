import { DecodeError } from '@ipsmgw/bytes'
import type { Transport } from '@ipsmgw/sctp'
import { decodeM3ua, encodeData, encodeM3ua, errorCodeOf, errorCodeOfUnknown } from '../codec.ts'
import { M3uaFramer } from '../framer.ts'
import {
  DIAGNOSTIC_OCTETS,
  ErrorCode,
  type M3uaMessage,
  MessageClass,
  type MessageName,
  type OutgoingMessage,
} from '../messages.ts'
import type { Parameters, ProtocolData } from '../parameters.ts'
import type { M3uaEvent } from './types.ts'

/** What is done about the messages an end knows; others are answered "unexpected message". */
export type Handlers = Partial<Record<MessageName, (parameters: Parameters, octets: Buffer) => void>>

export interface AssociationDependencies {
  /** For events. */
  readonly path: string
  readonly handlers: Handlers
  readonly onClose: (error: Error | undefined) => void
  readonly onEvent: (event: M3uaEvent) => void
}

/** Messages over one transport, for either end: frames, decodes, dispatches, and answers what is wrong with ERR. */
export class Association {
  readonly #transport: Transport
  readonly #dependencies: AssociationDependencies

  constructor(transport: Transport, dependencies: AssociationDependencies) {
    this.#transport = transport
    this.#dependencies = dependencies
  }

  start(): void {
    const framer = new M3uaFramer()
    this.#transport.start({
      onData: (octets) => this.#receive(framer, octets),
      onClose: (error) => this.#dependencies.onClose(error),
    })
  }

  /** Management goes on stream 0 (RFC 4666 §1.4.7). */
  send({ name, parameters }: OutgoingMessage): void {
    this.#transport.send({ octets: encodeM3ua({ name, parameters }), stream: 0 })
  }

  /** False when the transport takes no more. */
  transfer(
    data: ProtocolData,
    routingContext: number | undefined,
    networkAppearance?: number,
    onUnsent?: () => void,
  ): boolean {
    const octets = encodeData(data, routingContext, networkAppearance)
    const stream = streamOf(data.sls, this.#transport.outboundStreams)
    return this.#transport.send({ octets, stream, ...(onUnsent && { onUnsent }) })
  }

  sendError(errorCode: number, offending: Buffer, routingContexts?: readonly number[]): void {
    const diagnosticInformation = offending.subarray(0, DIAGNOSTIC_OCTETS)
    const contexts = routingContexts && { routingContexts }
    this.send({ name: 'ERR', parameters: { errorCode, ...contexts, diagnosticInformation } })
  }

  close(): void {
    this.#transport.close()
  }

  destroy(): void {
    this.#transport.destroy()
  }

  #receive(framer: M3uaFramer, octets: Buffer): void {
    for (const message of this.#frame(framer, octets)) this.#onMessage(message)
  }

  /** A flow that lost its frame is beyond help. */
  #frame(framer: M3uaFramer, octets: Buffer): Buffer[] {
    try {
      return framer.push(octets)
    } catch (error) {
      this.#malformed(error)
      this.#transport.destroy()
      return []
    }
  }

  #onMessage(octets: Buffer): void {
    const message = this.#decode(octets)
    if (message === undefined) return
    const { name, messageClass, parameters } = message
    const handler = name && this.#dependencies.handlers[name]
    if (name === undefined) this.sendError(errorCodeOfUnknown(messageClass), octets)
    else if (handler === undefined) this.sendError(ErrorCode.unexpectedMessage, octets)
    else handler(parameters, octets)
  }

  /** An ERR is never answered with an ERR (RFC 4666 §3.8.1). */
  #decode(octets: Buffer): M3uaMessage | undefined {
    try {
      return decodeM3ua(octets)
    } catch (error) {
      const isError = octets[2] === MessageClass.mgmt && octets[3] === 0
      const code = this.#malformed(error)
      if (!isError) this.sendError(code, octets)
      return undefined
    }
  }

  #malformed(error: unknown): ErrorCode {
    if (!(error instanceof DecodeError)) throw error
    this.#dependencies.onEvent({ kind: 'malformed', path: this.#dependencies.path, error })
    return errorCodeOf(error)
  }
}

/** Stream 0 is for management; one SLS keeps its stream and so its order (RFC 4666 §1.4.7). */
function streamOf(sls: number, streams: number): number {
  return streams > 1 ? 1 + (sls % (streams - 1)) : 0
}

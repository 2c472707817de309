import type { ServingNode, SmRouted } from '@ipsmgw/events'
import type { PartForward } from './forwarder.ts'

/** A view of the message; its octets are there while they are written, not while the phone is waited for. */
export class OutgoingPart implements PartForward {
  readonly #message: SmRouted
  readonly node: ServingNode
  readonly part: number
  readonly startedAtMs: number

  constructor(message: SmRouted, node: ServingNode, part: number, startedAtMs: number) {
    this.#message = message
    this.node = node
    this.part = part
    this.startedAtMs = startedAtMs
  }

  get imsi(): string {
    return this.#message.imsi
  }

  get correlation(): SmRouted['correlation'] {
    return this.#message.correlation
  }

  get tpdu(): Buffer {
    return Buffer.from(this.#message.tpdus[this.part - 1] as string, 'base64')
  }

  get parts(): number {
    return this.#message.tpdus.length
  }

  get moreMessagesToSend(): boolean {
    return this.part < this.parts
  }
}

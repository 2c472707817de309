import type { HeaderEntry, SipDestination } from '@ipsmgw/sip'
import { Element, type ElementOptions, type Final, finalOf } from './element.ts'

export interface UserOptions extends ElementOptions {
  /** Public identity, `sip:` or `tel:`. */
  readonly identity: string
}

/** An instant message that a user writes. */
export interface InstantMessage {
  readonly to: string
  readonly text: string
  /** Further headers, e.g. Privacy. */
  readonly headers?: readonly HeaderEntry[]
  /** From as the user writes it. Default: the own identity. */
  readonly from?: string
}

/** What became of it at its sender. */
export interface SentMessage {
  readonly callId: string
  /** Undefined: none came. */
  readonly final: Final | undefined
}

/** An IMS user with a client of its own: sends instant messages, and takes those that reach it over IMS. */
export class UserEquipment {
  readonly element: Element
  readonly identity: string
  /** Texts that came in over IMS. */
  readonly inbox: string[] = []
  #sent = 0

  constructor(options: UserOptions) {
    this.identity = options.identity
    this.element = new Element(options, (request, passage) => {
      this.inbox.push(passage.body)
      this.element.answer(request, passage, 200)
      return Promise.resolve()
    })
  }

  /** Sends through its S-CSCF, given as the service route of its registration. */
  async send(
    message: InstantMessage,
    service: { readonly route: string; readonly to: SipDestination },
  ): Promise<SentMessage> {
    this.#sent += 1
    const callId = `${this.element.name}-${process.pid}-${Date.now()}-${this.#sent}`
    const outcome = await this.element.endpoint.request({
      method: 'MESSAGE',
      uri: message.to,
      headers: [
        ['Route', service.route],
        ['From', message.from ?? `<${this.identity}>`],
        ['To', `<${message.to}>`],
        ['Call-ID', callId],
        ['Content-Type', 'text/plain;charset=UTF-8'],
        ...(message.headers ?? []),
      ],
      body: Buffer.from(message.text),
      destination: service.to,
    })
    return { callId, final: outcome.kind === 'response' ? finalOf(outcome.response) : undefined }
  }
}

import type { IncomingRequest, SipDestination } from '@ipsmgw/sip'
import { Element, type ElementOptions, type Passage } from './element.ts'

export interface ApplicationServerOptions extends ElementOptions {
  /**
   * `return` gives the request back to the S-CSCF that triggered it (TS 23.204 §6.13 steps 4, 5a); `direct` sends
   * it to the gateway itself, by the interworking preference of its user (step 5b).
   */
  readonly way: 'return' | 'direct'
  readonly gateway?: SipDestination
  /** A fault: sends P-Served-User on, which only an S-CSCF may say. */
  readonly keepServedUser?: boolean
}

/** IM AS or CPM AS of the recipient. */
export class ApplicationServer {
  readonly element: Element
  readonly #options: ApplicationServerOptions

  constructor(options: ApplicationServerOptions) {
    this.#options = options
    this.element = new Element(options, (request, passage) => this.#handle(request, passage))
  }

  async #handle(request: IncomingRequest, passage: Passage): Promise<void> {
    const onward = this.#onward(request, passage)
    if (onward === undefined) {
      this.element.answer(request, passage, 480)
      return
    }
    const outcome = await this.element.pass(request, passage, onward)
    if (outcome.kind === 'response') this.element.giveBack(request, passage, outcome.response)
    else this.element.answer(request, passage, 480)
  }

  #onward(request: IncomingRequest, passage: Passage) {
    const { way, gateway, keepServedUser } = this.#options
    if (way === 'direct') {
      if (gateway === undefined) return undefined
      const route = `<sip:${gateway.host}:${gateway.port};transport=tcp;lr>`
      return { to: gateway, routes: [route], without: keepServedUser ? [] : ['p-served-user'] }
    }
    const next = request.message.routes[1]?.uri
    if (next?.kind !== 'sip') return undefined
    const to = { transport: 'tcp', host: next.host, port: next.port ?? 5060 } as const
    return { to, routes: passage.routes.slice(1) }
  }
}

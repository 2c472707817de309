import type { SipRequest } from './message.ts'
import type { HeaderEntry } from './messages.ts'

/** A dialog of the called side, from the INVITE that was accepted (RFC 3261 §12.1.1). */
export class Dialog {
  /** Equal for the dialog and every request within it. */
  readonly id: string
  readonly #callId: string
  readonly #local: string
  readonly #remote: string
  readonly #target: string
  readonly #routes: readonly string[]
  #sequence = 0

  /** Throws SipParseError for a Contact or Record-Route that is malformed, RangeError without a Contact. */
  constructor(invite: SipRequest, toTag: string) {
    const [contact] = invite.contacts
    if (contact === undefined) throw new RangeError('an INVITE without Contact')
    this.#callId = invite.callId
    this.#local = `${invite.headers.get('to') ?? ''};tag=${toTag}`
    this.#remote = invite.headers.get('from') ?? ''
    this.#target = contact.uriText
    this.#routes = invite.recordRoutes.map(({ uriText }) => `<${uriText}>`)
    this.id = dialogId(invite.callId, toTag, invite.from.tag)
  }

  /** A request of our own within it, headers first what a dialog needs (§12.2.1.1). */
  request(method: string, headers: readonly HeaderEntry[] = []) {
    this.#sequence++
    const own: HeaderEntry[] = [
      ...this.#routes.map((route): HeaderEntry => ['Route', route]),
      ['From', this.#local],
      ['To', this.#remote],
      ['Call-ID', this.#callId],
      ['CSeq', `${this.#sequence} ${method}`],
    ]
    return { method, uri: this.#target, headers: [...own, ...headers] }
  }
}

/** The dialog that a request says it is in: our tag stands in To (§12.2.2). */
export function dialogIdOf(request: SipRequest): string {
  return dialogId(request.callId, request.to.tag ?? '', request.from.tag)
}

function dialogId(callId: string, localTag: string, remoteTag = ''): string {
  return `${callId}\n${localTag}\n${remoteTag}`
}

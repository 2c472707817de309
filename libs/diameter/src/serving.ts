import { DecodeError } from '@ipsmgw/bytes'
import { encodeAnswer } from './build.ts'
import { type LocalNode, vendorSpecificApplication } from './capabilities.ts'
import { checkedLength, HEADER_OCTETS, splitAvps } from './codec.ts'
import { Application } from './dictionary/applications.ts'
import { AVPS } from './dictionary/avps.ts'
import { AuthSessionState } from './dictionary/enumerations.ts'
import { type KnownMessage, knownMessage, messageNamed } from './dictionary/lookup.ts'
import { MESSAGES, type RequestName } from './dictionary/messages.ts'
import { ResultCode } from './dictionary/results.ts'
import { AvpError, resultCodeOf } from './errors.ts'
import { readRequest, value } from './fields.ts'
import type { Avp, DiameterHeader, DiameterMessage } from './messages.ts'
import type { NodeEvent, OutgoingAnswer, RequestHandler } from './types.ts'

export interface ServingOptions {
  readonly local: LocalNode
  readonly servedPerPeer: number
  readonly messageOctets: number
}

type AnyHandler = RequestHandler<RequestName>
type Draft = Readonly<Record<string, unknown>>

type Verdict =
  | { readonly kind: 'accepted'; readonly name: RequestName; readonly fields: unknown }
  | { readonly kind: 'refused'; readonly resultCode: number; readonly failedAvp: Avp | undefined }

function refused(resultCode: number, failedAvp?: Avp): Verdict {
  return { kind: 'refused', resultCode, failedAvp }
}

/** Answers requests in the order of checks of RFC 6733 §6.1.4, §7: what is refused never reaches a handler. */
export class Serving {
  readonly #options: ServingOptions
  readonly #event: (event: NodeEvent) => void
  readonly #handlers = new Map<RequestName, AnyHandler>()
  readonly #underWay = new Map<string, number>()

  constructor(options: ServingOptions, event: (event: NodeEvent) => void) {
    this.#options = options
    this.#event = event
  }

  handle<M extends RequestName>(name: M, handler: RequestHandler<M>): void {
    this.#handlers.set(name, handler as unknown as AnyHandler)
  }

  serve(octets: Buffer, header: DiameterHeader, peer: string, respond: (answer: Buffer) => void): void {
    const avps: Avp[] = []
    const verdict = this.#examine(octets, header, avps, peer)
    if (verdict.kind === 'refused') {
      const { resultCode, failedAvp } = verdict
      this.#event({ kind: 'refusedRequest', peer, detail: `command ${header.commandCode}: ${resultCode}` })
      respond(this.#errorAnswer(header, avps, resultCode, failedAvp))
    } else void this.#run(verdict, { ...header, avps }, peer, respond)
  }

  /** What was read of the AVPs is in `avps` even if the request is refused. */
  #examine(octets: Buffer, header: DiameterHeader, avps: Avp[], peer: string): Verdict {
    try {
      checkedLength(octets, 0, this.#options.messageOctets)
      const known = this.#acceptable(header)
      const fault = splitFault(octets, avps)
      if (typeof known === 'number') return refused(known)
      if (fault !== undefined) throw fault
      const name = known.name as RequestName
      const fields = readRequest(name, { ...header, avps })
      const host = value(avps, 'Destination-Host')?.toLowerCase()
      if (host !== undefined && host !== this.#options.local.originHost.toLowerCase())
        return refused(ResultCode.UNABLE_TO_DELIVER)
      if (!this.#enter(peer)) return refused(ResultCode.TOO_BUSY)
      return { kind: 'accepted', name, fields }
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error
      this.#event({ kind: 'malformed', peer, detail: error.message })
      return refused(resultCodeOf(error), error instanceof AvpError ? error.failedAvp : undefined)
    }
  }

  /** The command, or the Result-Code that refuses it by its header alone. */
  #acceptable(header: DiameterHeader): KnownMessage | number {
    if (header.error) return ResultCode.INVALID_HDR_BITS
    const { applications } = this.#options.local
    const common = applications.includes(header.applicationId) || applications.includes(Application.RELAY)
    if (!common) return ResultCode.APPLICATION_UNSUPPORTED
    const known = knownMessage(header.commandCode, header.applicationId, true)
    return known !== undefined && this.#handlers.has(known.name as RequestName)
      ? known
      : ResultCode.COMMAND_UNSUPPORTED
  }

  async #run(
    { name, fields }: Extract<Verdict, { kind: 'accepted' }>,
    message: DiameterMessage,
    peer: string,
    respond: (answer: Buffer) => void,
  ): Promise<void> {
    try {
      const handler = this.#handlers.get(name) as AnyHandler
      const answer = await handler({ name, fields, message, peer } as Parameters<AnyHandler>[0])
      if (answer !== undefined) respond(this.#answer(name, message, answer))
    } catch (error) {
      this.#event({ kind: 'handlerFailed', peer, detail: String(error) })
      respond(this.#errorAnswer(message, message.avps, ResultCode.UNABLE_TO_COMPLY))
    } finally {
      this.#leave(peer)
    }
  }

  #answer(name: RequestName, request: DiameterMessage, answer: OutgoingAnswer<RequestName>): Buffer {
    const given: Draft = answer
    const code = given['Result-Code']
    const error = typeof code === 'number' && Math.floor(code / 1000) === 3
    const answerName = MESSAGES[name].answer
    const filled: Draft = {
      ...this.#common(request.avps),
      'Vendor-Specific-Application-Id': vendorSpecificApplication(request.applicationId),
      'Auth-Session-State': AuthSessionState.NO_STATE_MAINTAINED,
      ...given,
      AVP: [...((given.AVP as Avp[] | undefined) ?? []), ...proxyInfoOf(request.avps)],
    }
    return encodeAnswer(request, error ? undefined : messageNamed(answerName).grammar, filled)
  }

  #errorAnswer(request: DiameterHeader, avps: readonly Avp[], resultCode: number, failedAvp?: Avp): Buffer {
    return encodeAnswer(request, undefined, {
      ...this.#common(avps),
      'Result-Code': resultCode,
      ...(failedAvp !== undefined && { 'Failed-AVP': { AVP: [failedAvp] } }),
      AVP: proxyInfoOf(avps),
    })
  }

  #common(avps: readonly Avp[]): Draft {
    const { originHost, originRealm } = this.#options.local
    return {
      'Session-Id': value(avps, 'Session-Id'),
      'Origin-Host': originHost,
      'Origin-Realm': originRealm,
    }
  }

  #enter(peer: string): boolean {
    const count = this.#underWay.get(peer) ?? 0
    if (count >= this.#options.servedPerPeer) return false
    this.#underWay.set(peer, count + 1)
    return true
  }

  #leave(peer: string): void {
    const count = this.#underWay.get(peer) ?? 0
    if (count <= 1) this.#underWay.delete(peer)
    else this.#underWay.set(peer, count - 1)
  }
}

/** Splits the AVPs; what is wrong with one of them matters only if nothing before it does. */
function splitFault(octets: Buffer, avps: Avp[]): AvpError | undefined {
  try {
    splitAvps(octets, HEADER_OCTETS, 'request', 0, avps)
    return undefined
  } catch (error) {
    if (error instanceof AvpError) return error
    throw error
  }
}

/** Proxy-Info goes back unchanged, octet for octet and in order (RFC 6733 §6.2). */
function proxyInfoOf(avps: readonly Avp[]): Avp[] {
  return avps.filter(({ code, vendorId }) => code === AVPS['Proxy-Info'].code && vendorId === 0)
}

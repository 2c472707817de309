import { DecodeError } from '@ipsmgw/bytes'
import { checkCea } from './capabilities.ts'
import { decodeDiameter, decodeHeader } from './codec.ts'
import type { DiameterConnection } from './connection.ts'
import { DisconnectCause } from './dictionary/enumerations.ts'
import { MESSAGES } from './dictionary/messages.ts'
import { value } from './fields.ts'
import type { PeerEvent, PeerState } from './fsm.ts'
import type { DiameterHeader } from './messages.ts'
import type { OwnMessages } from './own-messages.ts'
import type { Introduction, PeerContext } from './peer-context.ts'
import type { NodeEvent } from './types.ts'

/** Who acts on what a peer says. */
export interface InboxOwner {
  readonly own: OwnMessages
  event(event: PeerEvent): void
  introduced(introduction: Introduction): void
  /** Any message of the open connection. */
  heard(isDwa: boolean): void
  answer(octets: Buffer, header: DiameterHeader): void
  /** An answer of ours goes out. */
  answering(): void
}

/** Reads what one peer sends: what is between neighbours is done here, requests are served, answers handed on. */
export class PeerInbox {
  readonly #identity: string
  readonly #context: PeerContext
  readonly #owner: InboxOwner
  /** The peer asked us not to come back by ourselves. */
  unwanted = false
  #disconnectRequest: DiameterHeader | undefined

  constructor(identity: string, context: PeerContext, owner: InboxOwner) {
    this.#identity = identity
    this.#context = context
    this.#owner = owner
  }

  /** The DPR that is to be answered. */
  get disconnectRequest(): DiameterHeader | undefined {
    return this.#disconnectRequest
  }

  /** What comes on our own connection before it is open must be the CEA. */
  first(octets: Buffer, state: PeerState): void {
    if (state === 'waitICea' || state === 'waitReturns')
      this.#owner.event(this.#isGoodCea(octets) ? 'iCea' : 'iOther')
  }

  message(octets: Buffer, connection: DiameterConnection): void {
    const header = decodeHeader(octets)
    const { request, commandCode } = header
    this.#owner.heard(!request && commandCode === MESSAGES.DWA.code)
    switch (commandCode) {
      case MESSAGES.DWR.code:
        if (request) connection.sendNow(this.#owner.own.dwa(header))
        break
      case MESSAGES.DPR.code:
        if (request) this.#onDisconnectRequest(octets, header)
        else this.#owner.event('dpa')
        break
      case MESSAGES.CER.code: // not negotiated again on an open connection (RFC 6733 §5.6)
        this.#tell('rejected', 'capabilities exchange on an open connection')
        break
      default:
        if (request) this.#serve(octets, header, connection)
        else this.#owner.answer(octets, header)
    }
  }

  /** The start of a request whose end nobody can find. */
  refuse(octets: Buffer, connection: DiameterConnection): void {
    const header = decodeHeader(octets)
    if (header.request) this.#serve(octets, header, connection)
  }

  #isGoodCea(octets: Buffer): boolean {
    try {
      const verdict = checkCea(octets, this.#context.local, this.#identity)
      if (verdict.kind === 'good')
        this.#owner.introduced({ request: decodeHeader(octets), applications: verdict.applications })
      else this.#tell('rejected', verdict.detail)
      return verdict.kind === 'good'
    } catch (error) {
      this.#malformed(error)
      return false
    }
  }

  #onDisconnectRequest(octets: Buffer, header: DiameterHeader): void {
    try {
      const cause = value(decodeDiameter(octets), 'Disconnect-Cause')
      this.unwanted = cause === DisconnectCause.DO_NOT_WANT_TO_TALK_TO_YOU
    } catch (error) {
      this.#malformed(error)
    }
    this.#disconnectRequest = header
    this.#owner.event('dpr')
  }

  #serve(octets: Buffer, header: DiameterHeader, connection: DiameterConnection): void {
    this.#context.serve(octets, header, this.#identity, (answer) => {
      this.#owner.answering()
      connection.sendAnswer(answer)
    })
  }

  #malformed(error: unknown): void {
    if (!(error instanceof DecodeError)) throw error
    this.#tell('malformed', error.message)
  }

  #tell(kind: NodeEvent['kind'], detail: string): void {
    this.#context.event({ kind, peer: this.#identity, detail })
  }
}

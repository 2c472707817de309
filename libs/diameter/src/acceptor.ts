import { DecodeError } from '@ipsmgw/bytes'
import { encodeAnswer } from './build.ts'
import { advertisedApplications, commonApplications } from './capabilities.ts'
import { decodeDiameter, decodeHeader } from './codec.ts'
import { type ConnectionOwner, DiameterConnection } from './connection.ts'
import type { Fields } from './dictionary/definitions.ts'
import { MESSAGES } from './dictionary/messages.ts'
import { ResultCode } from './dictionary/results.ts'
import { AvpError, resultCodeOf } from './errors.ts'
import { readRequest } from './fields.ts'
import { type Listener, listen } from './listener.ts'
import type { Avp, DiameterHeader } from './messages.ts'
import type { Peer } from './peer.ts'
import type { PeerContext } from './peer-context.ts'
import type { ListenerOptions } from './types.ts'
import type { Timed } from './watch-keeper.ts'
import type { Wire } from './wire.ts'

export interface AcceptorContext extends PeerContext {
  /** The peer with this identity, configured or new; undefined when it is not wanted. */
  peerFor(identity: string, realm: string): Peer | undefined
}

/** Accepts connections and reads their CER; a good one is handed to its peer. */
export class Acceptor implements ConnectionOwner {
  readonly #context: AcceptorContext
  readonly #listeners: Listener[] = []
  /** Accepted connections that have not introduced themselves. */
  readonly #strangers = new Map<DiameterConnection, Timed>()

  constructor(context: AcceptorContext) {
    this.#context = context
  }

  async listen(listeners: readonly ListenerOptions[]): Promise<void> {
    const { limits, timers } = this.#context
    const bounds = { connections: limits.connections, handshakeMs: timers.capabilitiesMs }
    for (const options of listeners)
      this.#listeners.push(
        await listen(options, bounds, {
          accepted: (wire) => this.#accept(wire),
          failed: (from, detail) => this.#tell(from, detail),
        }),
      )
  }

  addresses(): { host: string; port: number }[] {
    return this.#listeners.map(({ host, port }) => ({ host, port }))
  }

  /** Takes no more connections; those that are open stay. */
  close(): void {
    for (const listener of this.#listeners) listener.close()
    for (const connection of this.#strangers.keys()) connection.destroy()
  }

  /** An accepted one is connected from the start. */
  connected(): void {}

  message(octets: Buffer, connection: DiameterConnection): void {
    const header = decodeHeader(octets)
    this.#forget(connection)
    if (!header.request || header.commandCode !== MESSAGES.CER.code) {
      this.#tell(connection.remoteAddress, `command ${header.commandCode} before CER`)
      connection.destroy()
      return
    }
    try {
      const message = decodeDiameter(octets, this.#context.limits.messageOctets)
      const theirs = advertisedApplications(message)
      this.#introduce(header, readRequest('CER', message), theirs, connection)
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error
      this.#refuse(
        connection,
        header,
        resultCodeOf(error),
        error instanceof AvpError ? error.failedAvp : undefined,
      )
    }
  }

  framingLost(error: DecodeError, _header: Buffer, connection: DiameterConnection): void {
    this.#forget(connection)
    this.#tell(connection.remoteAddress, error.message)
    connection.destroy()
  }

  lost(connection: DiameterConnection): void {
    this.#forget(connection)
  }

  #accept(wire: Wire): void {
    const { limits, timers, now, setTimer } = this.#context
    const connection = new DiameterConnection(wire, this, limits.messageOctets)
    const timer: Timed = { expire: () => connection.destroy() }
    this.#strangers.set(connection, timer)
    setTimer(timer, now() + timers.capabilitiesMs)
  }

  #introduce(
    request: DiameterHeader,
    cer: Fields<'CER'>,
    theirs: readonly number[],
    connection: DiameterConnection,
  ): void {
    const applications = commonApplications(this.#context.local.applications, theirs)
    if (applications.length === 0) {
      this.#refuse(connection, request, ResultCode.NO_COMMON_APPLICATION)
      return
    }
    const peer = this.#context.peerFor(cer['Origin-Host'], cer['Origin-Realm'])
    if (peer === undefined) this.#refuse(connection, request, ResultCode.UNKNOWN_PEER)
    else peer.accept(connection, { request, applications })
  }

  #refuse(
    connection: DiameterConnection,
    request: DiameterHeader,
    resultCode: number,
    failedAvp?: Avp,
  ): void {
    const { originHost, originRealm } = this.#context.local
    this.#tell(connection.remoteAddress, `CER answered ${resultCode}`)
    connection.sendNow(
      encodeAnswer(request, undefined, {
        'Origin-Host': originHost,
        'Origin-Realm': originRealm,
        'Result-Code': resultCode,
        ...(failedAvp !== undefined && { 'Failed-AVP': { AVP: [failedAvp] } }),
      }),
    )
    connection.end()
  }

  #forget(connection: DiameterConnection): void {
    const timer = this.#strangers.get(connection)
    if (timer === undefined) return
    this.#context.clearTimer(timer)
    this.#strangers.delete(connection)
  }

  #tell(peer: string, detail: string): void {
    this.#context.event({ kind: 'rejected', peer, detail })
  }
}

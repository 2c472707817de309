import { randomBytes } from 'node:crypto'
import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import type { SipResponse } from '../message.ts'
import { MAGIC_COOKIE } from '../via.ts'
import { type ClientContext, ClientTransaction, type RequestPath } from './client-transaction.ts'
import { composeRequest, destinationOf } from './compose.ts'
import type { Transports } from './transports.ts'
import type { OutgoingRequest, RequestOutcome, SipDestination, Transport } from './types.ts'

export interface ClientLayerOptions extends Omit<ClientContext, 'remove'> {
  readonly maxTransactions: number
}

/** Requests of our own (RFC 3261 §8.1, §17.1.2). */
export class ClientLayer {
  readonly #options: ClientLayerOptions
  readonly #transports: Transports
  readonly #context: ClientContext
  readonly #byBranch = new Map<string, ClientTransaction>()
  readonly #prefix = randomBytes(8).toString('hex')
  #counter = 0
  #closed = false

  constructor(options: ClientLayerOptions, transports: Transports) {
    this.#options = options
    this.#transports = transports
    const { wheel, clock, timers, count } = options
    this.#context = {
      wheel,
      clock,
      timers,
      count,
      remove: (transaction) => this.#byBranch.delete(transaction.branch),
    }
  }

  /** Throws SipParseError or EncodeError for a request that cannot be composed; everything else is an outcome. */
  async request(request: OutgoingRequest): Promise<RequestOutcome> {
    if (this.#closed) return { kind: 'closed' }
    if (this.#byBranch.size >= this.#options.maxTransactions) return { kind: 'overloaded' }
    const destination = request.destination ?? destinationOf(request)
    let address = destination.host
    if (isIP(address) === 0) {
      try {
        address = (await lookup(address)).address
      } catch (cause) {
        return { kind: 'transportError', cause }
      }
      if (this.#closed) return { kind: 'closed' }
    }
    return await this.#send(request, destination, address)
  }

  onResponse(response: SipResponse, transport: Transport): void {
    const transaction = this.#byBranch.get(response.topVia.branch ?? '')
    if (transaction === undefined || transaction.method !== response.cseq.method) {
      this.#options.count('strayResponse', transport)
      return
    }
    this.#options.count('responseReceived', transport)
    transaction.onResponse(response)
  }

  close(): void {
    this.#closed = true
    for (const transaction of this.#byBranch.values()) transaction.abandon()
    this.#byBranch.clear()
  }

  #send(request: OutgoingRequest, destination: SipDestination, address: string): Promise<RequestOutcome> {
    const id = `${this.#prefix}${(this.#counter++).toString(36)}`
    const { transport } = destination
    const sentBy = this.#transports.sentBy(transport, address)
    const branch = MAGIC_COOKIE + id
    const octets = composeRequest(request, transport, { branch, tag: id, callId: id, sentBy })
    return new Promise((resolve) => {
      let release: () => void = () => {}
      const parts = {
        branch,
        method: request.method,
        octets,
        onProvisional: (response: SipResponse) => request.onProvisional?.(response),
        onOutcome: (outcome: RequestOutcome) => {
          release()
          resolve(outcome)
        },
      }
      const fail = (cause: unknown): void => transaction.onTransportError(cause)
      const path = this.#path(
        destination,
        address,
        (undo) => {
          release = undo
        },
        fail,
      )
      const transaction = new ClientTransaction(parts, path, this.#context)
      this.#byBranch.set(branch, transaction)
      transaction.start()
    })
  }

  #path(
    { transport, host, port }: SipDestination,
    address: string,
    watched: (undo: () => void) => void,
    fail: (cause: unknown) => void,
  ): RequestPath {
    if (transport === 'udp') {
      const listener = this.#transports.udpFor(address)
      return { transport, reliable: false, send: (octets) => listener?.send(octets, port, address) ?? false }
    }
    return {
      transport,
      reliable: true,
      send: (octets) => {
        const connection = this.#transports.connect(transport, address, port, host)
        if (connection === undefined) return false
        watched(this.#transports.onFailure(connection, fail))
        return connection.write(octets)
      },
    }
  }
}

import { randomUUID } from 'node:crypto'
import { type HeaderEntry, SipEndpoint, type SipResponse, type Transport } from '@ipsmgw/sip'

/** An instant message as it arrives at the gateway. */
export interface Sending {
  /** Digits of the recipient, or a URI. */
  readonly to: string
  readonly text?: string
  readonly body?: Buffer
  readonly contentType?: string
  readonly callId?: string
  readonly from?: string
  /** P-Asserted-Identity; null: none. */
  readonly asserted?: string | null
  readonly headers?: readonly HeaderEntry[]
  readonly transport?: Exclude<Transport, 'tls'>
}

export interface Answer {
  readonly callId: string
  /** 0: no final came. */
  readonly status: number
  readonly reason: string
  readonly provisional: readonly number[]
  readonly elapsedMs: number
  header(name: string): string | undefined
}

export const SENDER = '+447700900111'

/** A SIP peer at an address of its own, which sends and waits. */
export class Sender {
  readonly #endpoint: SipEndpoint
  readonly #target: { host: string; port: number }

  private constructor(endpoint: SipEndpoint, target: { host: string; port: number }) {
    this.#endpoint = endpoint
    this.#target = target
  }

  static async open(host: string, target: { host: string; port: number }): Promise<Sender> {
    const listeners = (['udp', 'tcp'] as const).map((transport) => ({ transport, host, port: 0 }))
    const endpoint = new SipEndpoint({ listeners }, { onRequest: (request) => void request.respond(405) })
    await endpoint.start()
    return new Sender(endpoint, target)
  }

  close(): Promise<void> {
    return this.#endpoint.close()
  }

  async send(sending: Sending): Promise<Answer> {
    const { to, text = 'Hello', transport = 'tcp', callId = randomUUID() } = sending
    const uri = /^\d+$/.test(to) ? `tel:+${to}` : to
    const provisional: number[] = []
    const startedAt = performance.now()
    const outcome = await this.#endpoint.request({
      method: 'MESSAGE',
      uri,
      headers: headersOf(sending, uri, callId),
      body: sending.body ?? Buffer.from(text),
      destination: { transport, ...this.#target },
      onProvisional: ({ status }) => provisional.push(status),
    })
    const response = outcome.kind === 'response' ? outcome.response : undefined
    return answerOf(response, callId, provisional, performance.now() - startedAt)
  }
}

/** The same Call-ID gives the same From-tag and CSeq: one and the same message, whenever it is sent. */
function headersOf(sending: Sending, uri: string, callId: string): HeaderEntry[] {
  const {
    from = `<tel:${SENDER}>`,
    asserted = `<tel:${SENDER}>`,
    contentType = 'text/plain;charset=UTF-8',
  } = sending
  return [
    ['From', `${from};tag=${callId.slice(0, 8)}`],
    ['To', `<${uri}>`],
    ['Call-ID', callId],
    ['CSeq', '1 MESSAGE'],
    ...(asserted === null ? [] : [['P-Asserted-Identity', asserted] as const]),
    ['Content-Type', contentType],
    ...(sending.headers ?? []),
  ]
}

function answerOf(
  response: SipResponse | undefined,
  callId: string,
  provisional: readonly number[],
  elapsedMs: number,
): Answer {
  return {
    callId,
    status: response?.status ?? 0,
    reason: response?.reason ?? '',
    provisional,
    elapsedMs,
    header: (name) => response?.headers.get(name.toLowerCase()),
  }
}

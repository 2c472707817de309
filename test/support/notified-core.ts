import { type IncomingRequest, SipEndpoint } from '@ipsmgw/sip'
import { eventually } from './eventually.ts'

/** A notification as it came over the wire, cut apart by plain text search. */
export interface ReceivedNotification {
  readonly requestUri: string
  readonly body: string
  readonly source: { readonly address: string; readonly transport: string }
  header(name: string): string | undefined
  /** Value of an XML element; undefined when it is not there. */
  element(name: string): string | undefined
}

/** S-CSCF of senders: takes the requests that a gateway sends for them, and answers as it is told. */
export class NotifiedCore {
  readonly received: ReceivedNotification[] = []
  /** Statuses of the next answers; then 200. Undefined: no answer. */
  readonly answers: (number | undefined)[] = []
  readonly #endpoint: SipEndpoint
  readonly #host: string

  private constructor(host: string, port: number) {
    this.#host = host
    this.#endpoint = new SipEndpoint(
      { listeners: (['udp', 'tcp'] as const).map((transport) => ({ transport, host, port })) },
      { onRequest: (request) => this.#take(request) },
    )
  }

  static async open(host: string, port = 0): Promise<NotifiedCore> {
    const core = new NotifiedCore(host, port)
    await core.#endpoint.start()
    return core
  }

  close(): Promise<void> {
    return this.#endpoint.close()
  }

  get port(): number {
    return this.#endpoint.addresses().find(({ transport }) => transport === 'tcp')?.port ?? 0
  }

  /** Route value that leads here. */
  get route(): string {
    return `<sip:${this.#host}:${this.port};transport=tcp;lr>`
  }

  /** Notifications about one message, once there are `count`. */
  async about(messageId: string, count: number): Promise<ReceivedNotification[]> {
    const found = () => this.received.filter((one) => one.element('message-id') === messageId)
    await eventually(() => found().length >= count, `${count} notifications about ${messageId}`, 10_000)
    return found()
  }

  #take(request: IncomingRequest): void {
    const { message, source } = request
    const body = message.body.toString('utf8')
    this.received.push({
      requestUri: message.uriText,
      body,
      source,
      header: (name) => message.headers.get(name.toLowerCase()),
      element: (name) => new RegExp(`<${name}>([^<]*)</${name}>`).exec(body)?.[1],
    })
    const status = this.answers.length > 0 ? this.answers.shift() : 200
    if (status !== undefined) request.respond(status)
  }
}

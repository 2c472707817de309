import {
  type HeaderEntry,
  headerKey,
  type IncomingRequest,
  type RequestOutcome,
  type SipDestination,
  SipEndpoint,
  type SipMessage,
  type SipResponse,
  utf8View,
} from '@ipsmgw/sip'

/** A final answer as an element received it from the next hop. */
export interface Final {
  readonly status: number
  readonly reason: string
  readonly vias: readonly string[]
  readonly toTag: string | undefined
  readonly headers: readonly HeaderEntry[]
}

/** One request on its way through one element: as it came in, and the final that came back from the next hop. */
export interface Passage {
  readonly element: string
  readonly callId: string
  readonly requestUri: string
  /** Via values as received, top first; the top one completed with received and rport. */
  readonly vias: readonly string[]
  readonly routes: readonly string[]
  readonly servedUser: string | undefined
  readonly asserted: readonly string[]
  readonly body: string
  /** Route values and next hop it went on with; the last ones, when an application server was passed over. */
  sent?: {
    readonly routes: readonly string[]
    readonly to: SipDestination
    readonly servedUser: string | undefined
  }
  /** Undefined: none came, or nothing was sent on. */
  received?: Final
  /** What went back to the previous hop. */
  answered?: { readonly status: number; readonly toTag: string }
}

export interface ElementOptions {
  readonly name: string
  /** Literal address; loopback has many, so that a gateway can tell its peers apart. */
  readonly host: string
  /** 0: any free one. */
  readonly port?: number
}

/** How a request goes on from an element. */
export interface Onward {
  readonly to: SipDestination
  readonly routes: readonly string[]
  /** Added, after headers of the same name were taken out. */
  readonly headers?: readonly HeaderEntry[]
  readonly without?: readonly string[]
}

/** Passages kept for reading. */
const MAXIMUM_PASSAGES = 10_000

/**
 * The lower half of every IMS element of the lab: a SIP endpoint that keeps what passed through it. Elements are
 * stateful proxies in the sense of RFC 3261 §16: own Via on the way there, popped on the way back.
 */
export class Element {
  readonly name: string
  readonly endpoint: SipEndpoint
  readonly #host: string
  readonly #passages: Passage[] = []

  constructor(
    options: ElementOptions,
    onRequest: (request: IncomingRequest, passage: Passage) => Promise<void>,
  ) {
    const { name, host, port = 0 } = options
    this.name = name
    this.#host = host
    this.endpoint = new SipEndpoint(
      { listeners: [{ transport: 'tcp', host, port }] },
      { onRequest: (request) => onRequest(request, this.#enter(request)) },
    )
  }

  async start(): Promise<void> {
    await this.endpoint.start()
  }

  async stop(): Promise<void> {
    await this.endpoint.close()
  }

  get destination(): SipDestination {
    const port = this.endpoint.addresses()[0]?.port ?? 0
    return { transport: 'tcp', host: this.#host, port }
  }

  /** Own Route value; `user` marks the role or the dialog that a request comes back with. */
  route(user?: string): string {
    const { host, port } = this.destination
    return `<sip:${user === undefined ? '' : `${user}@`}${host}:${port};transport=tcp;lr>`
  }

  /** What passed through, oldest first. */
  passages(callId: string): readonly Passage[] {
    return this.#passages.filter((passage) => passage.callId === callId)
  }

  /** Sends a received request to the next hop and notes the final. */
  async pass(request: IncomingRequest, passage: Passage, onward: Onward): Promise<RequestOutcome> {
    const { message } = request
    const headers = onwardHeaders(request, onward)
    passage.sent = {
      routes: onward.routes,
      to: onward.to,
      servedUser: headers.find(([name]) => headerKey(name) === 'p-served-user')?.[1],
    }
    const outcome = await this.endpoint.request({
      method: message.method,
      uri: message.uriText,
      headers,
      body: message.body,
      destination: onward.to,
    })
    if (outcome.kind === 'response') passage.received = finalOf(outcome.response)
    return outcome
  }

  /** Passes a final of the next hop back. */
  giveBack(request: IncomingRequest, passage: Passage, response: SipResponse): void {
    request.transaction.forward(response)
    passage.answered = { status: response.status, toTag: response.to.tag ?? '' }
  }

  /** Answers on its own. */
  answer(request: IncomingRequest, passage: Passage, status: number): void {
    request.respond(status)
    passage.answered = { status, toTag: request.transaction.toTag }
  }

  #enter(request: IncomingRequest): Passage {
    const { message } = request
    const vias = request
      .forwardHeaders()
      .filter(([name]) => headerKey(name) === 'via')
      .flatMap(([, value]) => value.split(/,\s*/))
    const passage: Passage = {
      element: this.name,
      callId: utf8View(message.callId),
      requestUri: message.uriText,
      vias,
      routes: message.list('route'),
      servedUser: message.headers.get('p-served-user'),
      asserted: message.list('p-asserted-identity'),
      body: message.body.toString('utf8'),
    }
    this.#passages.push(passage)
    if (this.#passages.length > MAXIMUM_PASSAGES) this.#passages.shift()
    return passage
  }
}

export function finalOf(response: SipResponse): Final {
  return {
    status: response.status,
    reason: utf8View(response.reason),
    vias: response.list('via'),
    toTag: response.to.tag,
    headers: [...response.headers],
  }
}

/** The top Route when it names this element; its user part says in which role, or for which dialog. */
export function ownRoute(
  message: SipMessage,
  destination: SipDestination,
): { user: string | undefined } | undefined {
  const [top] = message.routes
  if (top === undefined || top.uri.kind !== 'sip') return undefined
  const { host, port, user } = top.uri
  return host === destination.host && port === destination.port ? { user } : undefined
}

function onwardHeaders(request: IncomingRequest, onward: Onward): HeaderEntry[] {
  const added = onward.headers ?? []
  const dropped = new Set([
    'route',
    'max-forwards',
    ...added.map(([name]) => headerKey(name)),
    ...(onward.without ?? []),
  ])
  const hops = (request.message.maxForwards ?? 70) - 1
  return [
    ...request.forwardHeaders().filter(([name]) => !dropped.has(headerKey(name))),
    ['Max-Forwards', String(hops)],
    ...onward.routes.map((route): HeaderEntry => ['Route', route]),
    ...added,
  ]
}

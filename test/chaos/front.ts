import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { type RequestOutcome, SipEndpoint } from '@ipsmgw/sip'
import { Watch } from './watch.ts'

export interface Message {
  /** International, with +. */
  readonly to: string
  readonly text: string
}

/** What a sender was told, in the end. */
export interface Told {
  /** Undefined: nothing, within the sender's patience. */
  readonly status: number | undefined
  readonly afterMs: number
  /** How many instances were tried. */
  readonly attempts: number
}

/** An ingress as the front knows it. */
interface Instance {
  readonly port: number
  readonly watch: Watch
}

type Headers = readonly (readonly [string, string])[]

/** No sign of life for so long: the next instance is tried, as a SIP front does. */
const SILENCE_MS = 4_000
/** Timer F of the sender. */
export const PATIENCE_MS = 32_000
const PAUSE_MS = 250
/** The one final that does not end the search. */
const UNAVAILABLE = 503

/**
 * The IMS core in front of the ingresses: a request goes to one of them by TCP; when its connection is lost, nothing is
 * heard or it says 503, the same request (Call-ID, From-tag, CSeq, Request-URI) goes to the next. The first final
 * counts, as for any forking proxy; 503 is one when every instance says so and none may have taken the request.
 */
export class Front {
  readonly #instances: readonly Instance[]
  readonly #endpoint: SipEndpoint
  #next = 0

  private constructor(ports: readonly number[], endpoint: SipEndpoint) {
    this.#instances = ports.map((port) => ({ port, watch: new Watch(port) }))
    this.#endpoint = endpoint
  }

  static async open(ports: readonly number[]): Promise<Front> {
    const endpoint = new SipEndpoint(
      { listeners: [{ transport: 'tcp', host: '127.0.0.1', port: 0 }] },
      { onRequest: (request) => void request.respond(405) },
    )
    await endpoint.start()
    return new Front(ports, endpoint)
  }

  close(): Promise<void> {
    for (const { watch } of this.#instances) watch.close()
    return this.#endpoint.close()
  }

  async send(message: Message): Promise<Told> {
    const startedAt = performance.now()
    const headers = identity()
    const final = Promise.withResolvers<number>()
    const patience = delay(PATIENCE_MS, undefined, { ref: false })
    let attempts = 0
    let answered = false
    void final.promise.then(() => {
      answered = true
    })
    const pending = new Set<Instance>()
    const refusing = new Set<Instance>()
    let inDoubt = false
    while (!answered && performance.now() - startedAt < PATIENCE_MS) {
      const instance = this.#nextBut(pending)
      const attempt = instance && this.#attempt(instance, message, headers, final.resolve)
      if (instance !== undefined && attempt !== undefined) {
        attempts++
        pending.add(instance)
        void attempt.ended.then((refused) => {
          pending.delete(instance)
          refusing.add(instance)
          inDoubt ||= !refused
          const nobodyLeft = pending.size === 0 && refusing.size === this.#instances.length
          if (nobodyLeft && !inDoubt) final.resolve(UNAVAILABLE)
        })
      }
      await Promise.race([attempt?.next, final.promise, patience])
      if (!answered) await Promise.race([delay(PAUSE_MS), patience])
    }
    const status = await Promise.race([final.promise, undefined])
    return { status, afterMs: performance.now() - startedAt, attempts }
  }

  /** An instance that holds the request still is not given it again: that would be a merged request (482). */
  #nextBut(pending: ReadonlySet<Instance>): Instance | undefined {
    for (let n = 0; n < this.#instances.length; n++) {
      const instance = this.#instances[this.#next++ % this.#instances.length] as Instance
      if (!pending.has(instance)) return instance
    }
    return undefined
  }

  /**
   * `next`: another instance should be tried. `ended`: nothing will come from this one any more; true when it refused
   * the request, false when it may have taken it.
   */
  #attempt(
    { port, watch }: Instance,
    { to, text }: Message,
    headers: Headers,
    answer: (status: number) => void,
  ): { next: Promise<void>; ended: Promise<boolean> } {
    const next = Promise.withResolvers<void>()
    const ended = Promise.withResolvers<boolean>()
    const end = (refused: boolean) => {
      clearTimeout(silence)
      unwatch()
      next.resolve()
      ended.resolve(refused)
    }
    const unwatch = watch.onLost(() => end(false))
    const silence = setTimeout(next.resolve, SILENCE_MS)
    const outcome = this.#endpoint.request({
      method: 'MESSAGE',
      uri: `tel:${to}`,
      headers: [...headers, ['To', `<tel:${to}>`], ['Content-Type', 'text/plain;charset=UTF-8']],
      body: text,
      destination: { transport: 'tcp', host: '127.0.0.1', port },
      onProvisional: () => clearTimeout(silence),
    })
    outcome.then(
      (it) => {
        const status = statusOf(it)
        if (status !== undefined && status !== UNAVAILABLE) answer(status)
        end(status === UNAVAILABLE)
      },
      () => end(false),
    )
    return { next: next.promise, ended: ended.promise }
  }
}

/** What was said, if anything; a request kept back because the instance asked for less load is a refusal too. */
function statusOf(outcome: RequestOutcome): number | undefined {
  if (outcome.kind === 'overloaded') return UNAVAILABLE
  return outcome.kind === 'response' ? outcome.response.status : undefined
}

function identity(): Headers {
  const from = 'tel:+447700900111'
  return [
    ['From', `<${from}>;tag=${randomUUID()}`],
    ['Call-ID', `${randomUUID()}@chaos.invalid`],
    ['CSeq', '1 MESSAGE'],
    ['P-Asserted-Identity', `<${from}>`],
  ]
}

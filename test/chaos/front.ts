import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { messageIdOf } from '@ipsmgw/numbering'
import { type RequestOutcome, SipEndpoint } from '@ipsmgw/sip'
import { Watch } from './watch.ts'

export interface Message {
  /** International, with +. */
  readonly to: string
  readonly text: string
}

/** One way that a request took. Times are Unix milliseconds. */
export interface Attempt {
  readonly instance: string
  readonly fromMs: number
  /** Undefined: the instance held the request to the end. */
  toMs: number | undefined
  ending: string
}

/** What a sender was told, in the end. */
export interface Told {
  readonly messageId: string
  readonly sentAtMs: number
  /** Undefined: nothing, within the sender's patience. */
  readonly status: number | undefined
  readonly afterMs: number
  readonly attempts: readonly Attempt[]
}

/** An ingress as the front knows it. */
export interface Target {
  readonly name: string
  readonly port: number
}

interface Instance extends Target {
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

  private constructor(targets: readonly Target[], endpoint: SipEndpoint) {
    this.#instances = targets.map((target) => ({ ...target, watch: new Watch(target.port) }))
    this.#endpoint = endpoint
  }

  static async open(targets: readonly Target[]): Promise<Front> {
    const endpoint = new SipEndpoint(
      { listeners: [{ transport: 'tcp', host: '127.0.0.1', port: 0 }] },
      { onRequest: (request) => void request.respond(405) },
    )
    await endpoint.start()
    return new Front(targets, endpoint)
  }

  close(): Promise<void> {
    for (const { watch } of this.#instances) watch.close()
    return this.#endpoint.close()
  }

  async send(message: Message): Promise<Told> {
    const sentAtMs = Date.now()
    const { headers, messageId } = identityOf(message)
    const final = Promise.withResolvers<number>()
    const patience = delay(PATIENCE_MS, undefined, { ref: false })
    const attempts: Attempt[] = []
    let answered = false
    void final.promise.then(() => {
      answered = true
    })
    const pending = new Set<Instance>()
    const refusing = new Set<Instance>()
    let inDoubt = false
    while (!answered && Date.now() - sentAtMs < PATIENCE_MS) {
      const instance = this.#nextBut(pending)
      const way = instance && this.#attempt(instance, message, headers, final.resolve)
      if (instance !== undefined && way !== undefined) {
        attempts.push(way.attempt)
        pending.add(instance)
        void way.ended.then((refused) => {
          pending.delete(instance)
          refusing.add(instance)
          inDoubt ||= !refused
          const nobodyLeft = pending.size === 0 && refusing.size === this.#instances.length
          if (nobodyLeft && !inDoubt) final.resolve(UNAVAILABLE)
        })
      }
      await Promise.race([way?.next, final.promise, patience])
      if (!answered) await Promise.race([delay(PAUSE_MS), patience])
    }
    const status = await Promise.race([final.promise, undefined])
    // As it was when the sender stopped waiting: what ends later is too late.
    const told = attempts.map((attempt) => ({ ...attempt }))
    return { messageId, sentAtMs, status, afterMs: Date.now() - sentAtMs, attempts: told }
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
    { name, port, watch }: Instance,
    { to, text }: Message,
    headers: Headers,
    answer: (status: number) => void,
  ): { attempt: Attempt; next: Promise<void>; ended: Promise<boolean> } {
    const next = Promise.withResolvers<void>()
    const ended = Promise.withResolvers<boolean>()
    const attempt: Attempt = { instance: name, fromMs: Date.now(), toMs: undefined, ending: 'no answer' }
    const end = (ending: string, refused: boolean) => {
      if (attempt.toMs !== undefined) return
      attempt.toMs = Date.now()
      attempt.ending = ending
      clearTimeout(silence)
      unwatch()
      next.resolve()
      ended.resolve(refused)
    }
    const unwatch = watch.onLost(() => end('connection lost', false))
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
        end(status === undefined ? it.kind : `told ${status}`, status === UNAVAILABLE)
      },
      (error: Error) => end(error.message, false),
    )
    return { attempt, next: next.promise, ended: ended.promise }
  }
}

/** What was said, if anything; a request kept back because the instance asked for less load is a refusal too. */
function statusOf(outcome: RequestOutcome): number | undefined {
  if (outcome.kind === 'overloaded') return UNAVAILABLE
  return outcome.kind === 'response' ? outcome.response.status : undefined
}

/** What makes it one message however often it is sent, and the name that the gateway gives it for that. */
function identityOf({ to }: Message): { headers: Headers; messageId: string } {
  const from = 'tel:+447700900111'
  const [tag, callId] = [randomUUID(), `${randomUUID()}@chaos.invalid`]
  return {
    messageId: messageIdOf(callId, tag, 1, `tel:${to}`),
    headers: [
      ['From', `<${from}>;tag=${tag}`],
      ['Call-ID', callId],
      ['CSeq', '1 MESSAGE'],
      ['P-Asserted-Identity', `<${from}>`],
    ],
  }
}

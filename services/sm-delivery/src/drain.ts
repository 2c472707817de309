import type { Forwarder, ForwardResult, ForwardSession, PartForward } from './forwarder.ts'

export interface DrainOptions {
  /** The longest that a stop waits for phones. */
  readonly graceMs: number
}

const UNANSWERED: ForwardResult = { kind: 'unknown', detail: 'stopped before the node answered' }
const NOT_BEGUN: ForwardResult = {
  kind: 'not-sent',
  cause: 'expiredBeforeForward',
  detail: 'stopped before the forward',
}
/** A part under way, as a stop sees it. */
interface Waiting {
  readonly way: Forwarder
  settle(result: ForwardResult | Promise<ForwardResult>): void
}

/** Between two looks at a way while a stop waits. */
const LOOK_MS = 250

/**
 * Bounds what a stop waits for. Parts that are under way get the grace; then, or as soon as no answer can come any
 * more because the last path is gone, they end as what they are: of unknown outcome. Nothing is begun after that, and
 * what is not begun is certainly not sent.
 */
export class Drain {
  readonly #options: DrainOptions
  readonly #now: () => number
  readonly #waiting = new Set<Waiting>()
  #untilMs: number | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(options: DrainOptions, now: () => number = Date.now) {
    this.#options = options
    this.#now = now
  }

  /** The same way, which ends with the drain. */
  over(way: Forwarder): Forwarder {
    return { session: () => new BoundedSession(this, way, way.session()) }
  }

  /** The stop has begun. */
  begin(): void {
    if (this.#untilMs !== undefined) return
    this.#untilMs = this.#now() + this.#options.graceMs
    this.#look()
  }

  /** Nothing is under way any more. */
  end(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #look(): void {
    for (const waiting of this.#waiting) if (this.#isOver(waiting.way)) this.#end(waiting, UNANSWERED)
    this.#timer = setTimeout(() => this.#look(), LOOK_MS)
  }

  #isOver(way: Forwarder): boolean {
    return this.#untilMs !== undefined && (this.#now() >= this.#untilMs || way.reachable?.() === false)
  }

  /** An open message pays for what is made here: one promise and one entry. */
  forward(way: Forwarder, session: ForwardSession, part: PartForward): Promise<ForwardResult> {
    if (this.#isOver(way)) return Promise.resolve(NOT_BEGUN)
    return new Promise((settle) => {
      const forwarded = session.forward(part)
      const waiting = { way, settle }
      this.#waiting.add(waiting)
      const end = () => this.#end(waiting, forwarded)
      forwarded.then(end, end)
    })
  }

  #end(waiting: Waiting, result: ForwardResult | Promise<ForwardResult>): void {
    this.#waiting.delete(waiting)
    waiting.settle(result)
  }
}

class BoundedSession implements ForwardSession {
  readonly #drain: Drain
  readonly #way: Forwarder
  readonly #session: ForwardSession

  constructor(drain: Drain, way: Forwarder, session: ForwardSession) {
    this.#drain = drain
    this.#way = way
    this.#session = session
  }

  forward(part: PartForward): Promise<ForwardResult> {
    return this.#drain.forward(this.#way, this.#session, part)
  }

  close(): void {
    this.#session.close()
  }
}

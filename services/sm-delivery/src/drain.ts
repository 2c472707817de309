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
  /** Of the parts under way: by what each is told that the stop waits no more. */
  readonly #waiting = new Map<() => void, Forwarder>()
  #untilMs: number | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(options: DrainOptions, now: () => number = Date.now) {
    this.#options = options
    this.#now = now
  }

  /** The same way, which ends with the drain. */
  over(way: Forwarder): Forwarder {
    return {
      session: () => {
        const session = way.session()
        return { forward: (part) => this.#forward(way, session, part), close: () => session.close() }
      },
    }
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
    for (const [giveUp, way] of this.#waiting) if (this.#isOver(way)) giveUp()
    this.#timer = setTimeout(() => this.#look(), LOOK_MS)
  }

  #isOver(way: Forwarder): boolean {
    return this.#untilMs !== undefined && (this.#now() >= this.#untilMs || way.reachable?.() === false)
  }

  #forward(way: Forwarder, session: ForwardSession, part: PartForward): Promise<ForwardResult> {
    if (this.#isOver(way)) return Promise.resolve(NOT_BEGUN)
    const { promise, resolve, reject } = Promise.withResolvers<ForwardResult>()
    const giveUp = () => settle(() => resolve(UNANSWERED))
    const settle = (tell: () => void) => {
      this.#waiting.delete(giveUp)
      tell()
    }
    this.#waiting.set(giveUp, way)
    session.forward(part).then(
      (result) => settle(() => resolve(result)),
      (error: unknown) => settle(() => reject(error as Error)),
    )
    return promise
  }
}

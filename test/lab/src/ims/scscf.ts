import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { IncomingRequest, RequestOutcome, SipDestination } from '@ipsmgw/sip'
import { Element, type ElementOptions, ownRoute, type Passage } from './element.ts'

/** When a criterion holds: calling side, called side registered, called side not registered. */
export type SessionCase = 'orig' | 'term-reg' | 'term-unreg'

/** An initial filter criterion (TS 23.218 §5.2): for MESSAGE in these cases, go through that server. */
export interface FilterCriterion {
  readonly cases: readonly SessionCase[]
  readonly server: SipDestination
  /** What happens when the server does not answer in time, with 408 or with 5xx (TS 24.229 §5.4.3.3). */
  readonly defaultHandling: 'SESSION_CONTINUED' | 'SESSION_TERMINATED'
}

/** A subscriber as this S-CSCF knows it. */
export interface UserProfile {
  /** Public identities; the first one goes into P-Served-User. All of them are asserted. */
  readonly identities: readonly string[]
  /** Where the user is registered; undefined: not registered. */
  readonly contact?: SipDestination
  /** In order of priority. */
  readonly criteria: readonly FilterCriterion[]
}

export interface ScscfOptions extends ElementOptions {
  /** S-CSCF of who is not served here. */
  readonly next?: () => SipDestination
  /** A fixed time for the final of an application server; a 100 does not stop it. Default: none but Timer F. */
  readonly serverWatchdogMs?: number
}

/** A request on its way along the criteria of one user. */
interface Leg {
  readonly role: 'orig' | 'term'
  readonly profile: UserProfile
}

const ORIGINATING = 'orig'

/**
 * S-CSCF of the lab: asserts identities on the calling side, runs initial filter criteria on both, and knows a
 * request that a server gives back by the original dialog identifier in its Route (TS 24.229 §5.4.3).
 */
export class Scscf {
  readonly element: Element
  readonly #options: ScscfOptions
  /** By first identity. */
  readonly #profiles = new Map<string, UserProfile>()
  /** Original dialog identifiers handed out, and where the chain goes on behind them. */
  readonly #dialogs = new Map<string, { leg: Leg; next: number }>()

  constructor(options: ScscfOptions) {
    this.#options = options
    this.element = new Element(options, (request, passage) => this.#handle(request, passage))
  }

  /** Takes a profile in, or in place of the one with the same first identity. */
  add(profile: UserProfile): void {
    this.#profiles.set(profile.identities[0] ?? '', profile)
  }

  /** Where a registered user sends its requests. */
  get service(): { readonly route: string; readonly to: SipDestination } {
    return { route: this.element.route(ORIGINATING), to: this.element.destination }
  }

  async #handle(request: IncomingRequest, passage: Passage): Promise<void> {
    const own = ownRoute(request.message, this.element.destination)
    const dialog = own?.user === undefined ? undefined : this.#dialogs.get(own.user)
    if (dialog !== undefined) return this.#walk(request, passage, dialog.leg, dialog.next)
    const leg = own?.user === ORIGINATING ? this.#caller(request) : this.#called(request)
    if (leg === undefined) this.element.answer(request, passage, own?.user === ORIGINATING ? 403 : 404)
    else await this.#walk(request, passage, leg, 0)
  }

  /** The registered user behind the address that the request came from. */
  #caller(request: IncomingRequest): Leg | undefined {
    const profile = [...this.#profiles.values()].find(
      ({ contact }) => contact?.host === request.source.address,
    )
    return profile && { role: 'orig', profile }
  }

  #called(request: IncomingRequest): Leg | undefined {
    const wanted = request.message.uriText.toLowerCase()
    const profile = [...this.#profiles.values()].find(({ identities }) =>
      identities.some((identity) => identity.toLowerCase() === wanted),
    )
    return profile && { role: 'term', profile }
  }

  /** Along the criteria from `start` on, then to where the user is. */
  async #walk(request: IncomingRequest, passage: Passage, leg: Leg, start: number): Promise<void> {
    const { criteria } = leg.profile
    for (const [index, criterion] of criteria.entries()) {
      if (index < start || !criterion.cases.includes(sessionCase(leg))) continue
      const outcome = await this.#trigger(request, passage, leg, criterion, index)
      const failed = outcome === 'expired' || callsForDefaultHandling(outcome)
      if (failed && criterion.defaultHandling === 'SESSION_CONTINUED') continue
      this.#conclude(request, passage, outcome)
      return
    }
    const to = leg.role === 'orig' ? this.#options.next?.() : leg.profile.contact
    if (to === undefined) this.element.answer(request, passage, 480)
    else {
      const onward = {
        to,
        routes: [],
        headers: assertion(leg),
        without: ['p-served-user', 'p-preferred-identity'],
      }
      this.#conclude(request, passage, await this.element.pass(request, passage, onward))
    }
  }

  async #trigger(
    request: IncomingRequest,
    passage: Passage,
    leg: Leg,
    { server }: FilterCriterion,
    index: number,
  ): Promise<RequestOutcome | 'expired'> {
    const identifier = `odi_${randomBytes(6).toString('hex')}`
    this.#dialogs.set(identifier, { leg, next: index + 1 })
    const pending = this.element.pass(request, passage, {
      to: server,
      routes: [`<sip:${server.host}:${server.port};transport=tcp;lr>`, this.element.route(identifier)],
      headers: [...assertion(leg), ['P-Served-User', servedUser(leg)]],
      without: ['p-preferred-identity'],
    })
    try {
      const { serverWatchdogMs } = this.#options
      if (serverWatchdogMs === undefined) return await pending
      const abort = new AbortController()
      const expiry = delay(serverWatchdogMs, 'expired' as const, { signal: abort.signal }).catch(
        () => 'expired' as const,
      )
      const outcome = await Promise.race([pending, expiry])
      abort.abort()
      return outcome
    } finally {
      this.#dialogs.delete(identifier)
    }
  }

  #conclude(request: IncomingRequest, passage: Passage, outcome: RequestOutcome | 'expired'): void {
    if (outcome !== 'expired' && outcome.kind === 'response')
      this.element.giveBack(request, passage, outcome.response)
    else this.element.answer(request, passage, 504)
  }
}

function sessionCase({ role, profile }: Leg): SessionCase {
  if (role === 'orig') return 'orig'
  return profile.contact === undefined ? 'term-unreg' : 'term-reg'
}

function servedUser({ role, profile }: Leg): string {
  const registered = profile.contact !== undefined
  return `<${profile.identities[0] ?? ''}>;sescase=${role};regstate=${registered ? 'reg' : 'unreg'}`
}

/** The calling side asserts what it knows of its user (RFC 3325 §5); the called side leaves it as it is. */
function assertion({ role, profile }: Leg): [string, string][] {
  if (role === 'term') return []
  return [['P-Asserted-Identity', profile.identities.map((identity) => `<${identity}>`).join(', ')]]
}

function callsForDefaultHandling(outcome: RequestOutcome): boolean {
  if (outcome.kind !== 'response') return true
  const { status } = outcome.response
  return status === 408 || (status >= 500 && status < 600)
}

import { DecodeError } from '@ipsmgw/bytes'
import type { Fields } from './dictionary/definitions.ts'
import { RedirectHostUsage } from './dictionary/enumerations.ts'
import { ResultCode } from './dictionary/results.ts'
import { value, values } from './fields.ts'
import type { DiameterMessage } from './messages.ts'
import type { DiameterResult } from './results.ts'
import { destinationOf } from './routing.ts'

/** What of a request decides where a redirect applies to it. */
export interface RedirectSubject {
  readonly applicationId: number
  readonly host: string | undefined
  readonly realm: string | undefined
  /** User-Identity, MSISDN or User-Name as text; undefined: the request is about nobody. */
  readonly user: string | undefined
}

interface Entry {
  readonly host: string
  readonly untilMs: number
}

/** Users are many: the oldest entries make room. */
const MAXIMUM_ENTRIES = 10_000
/** `aaa://host:port;transport=tcp` (RFC 6733 §4.3.1). */
const HOST_OF_URI = /^aaas?:\/\/([^:;/]+)/i

/**
 * Redirects of agents and SLFs (RFC 6733 §6.12 to §6.14): which host to ask instead, and for what else the same holds.
 * Knows no peers and sends nothing.
 */
export class Redirects {
  readonly #now: () => number
  readonly #entries = new Map<string, Entry>()

  constructor(now: () => number) {
    this.#now = now
  }

  /** The host that an earlier redirect named for such a request. */
  hostFor(subject: RedirectSubject): string | undefined {
    if (this.#entries.size === 0) return undefined
    for (const key of keysOf(subject)) {
      const entry = this.#entries.get(key)
      if (entry === undefined) continue
      if (entry.untilMs > this.#now()) return entry.host
      this.#entries.delete(key)
    }
    return undefined
  }

  /** The hosts that this answer names instead; empty when it is no redirect, or names nobody readable. */
  learn(subject: RedirectSubject, result: DiameterResult, answer: DiameterMessage): readonly string[] {
    if (result.vendorId !== 0 || result.code !== ResultCode.REDIRECT_INDICATION) return []
    try {
      const hosts = values(answer, 'Redirect-Host').flatMap((uri) => HOST_OF_URI.exec(uri)?.[1] ?? [])
      const [host] = hosts
      if (host !== undefined) this.#remember(subject, host, answer)
      return hosts
    } catch (error) {
      if (error instanceof DecodeError) return []
      throw error
    }
  }

  #remember(subject: RedirectSubject, host: string, answer: DiameterMessage): void {
    const key = keyOf(value(answer, 'Redirect-Host-Usage') ?? RedirectHostUsage.DONT_CACHE, subject)
    const seconds = value(answer, 'Redirect-Max-Cache-Time') ?? 0
    if (key === undefined || seconds === 0) return
    const [oldest] = this.#entries.keys()
    if (this.#entries.size >= MAXIMUM_ENTRIES && oldest !== undefined) this.#entries.delete(oldest)
    this.#entries.set(key, { host, untilMs: this.#now() + seconds * 1_000 })
  }
}

/** What a usage makes the same; a session is one request here, so it is not remembered. */
function keyOf(usage: number, { applicationId, host, realm, user }: RedirectSubject): string | undefined {
  switch (usage) {
    case RedirectHostUsage.ALL_REALM:
      return `realm ${realm}`
    case RedirectHostUsage.REALM_AND_APPLICATION:
      return `realm ${realm} ${applicationId}`
    case RedirectHostUsage.ALL_APPLICATION:
      return `application ${applicationId}`
    case RedirectHostUsage.ALL_HOST:
      return host === undefined ? undefined : `host ${host}`
    case RedirectHostUsage.ALL_USER:
      return user === undefined ? undefined : `user ${user}`
    default:
      return undefined
  }
}

/** From the narrowest to the widest. */
const USAGES = [
  RedirectHostUsage.ALL_USER,
  RedirectHostUsage.ALL_HOST,
  RedirectHostUsage.REALM_AND_APPLICATION,
  RedirectHostUsage.ALL_REALM,
  RedirectHostUsage.ALL_APPLICATION,
] as const

function keysOf(subject: RedirectSubject): string[] {
  return USAGES.flatMap((usage) => keyOf(usage, subject) ?? [])
}

/** What a redirect of this request would be about. */
export function subjectOf(request: object, applicationId: number): RedirectSubject {
  const {
    'User-Identity': identity,
    MSISDN,
    'User-Name': name,
  } = request as Partial<Fields<'UDR'> & Fields<'SRR'>>
  const user = identity?.['Public-Identity'] ?? identity?.MSISDN ?? MSISDN ?? name
  return { applicationId, user, ...destinationOf(request) }
}

/** The request, to the host that a redirect named. */
export function redirectedTo<R extends object>(request: R, host: string | undefined): R {
  return host === undefined ? request : { ...request, 'Destination-Host': host }
}

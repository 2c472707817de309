import type { SccpAddress } from './address.ts'

/** Where messages for one range of global titles go. */
export interface Translation {
  /** First digits of the global title; '' is everything. The longest that fits is taken. */
  readonly prefix: string
  /** Only titles of this numbering plan or translation type; by default of any. */
  readonly numberingPlan?: number
  readonly translationType?: number
  /** Point codes in order of preference, or all alike. */
  readonly destinations: readonly number[]
  /** `backup`: the first that is available; `share` (default): spread by signalling link selection. */
  readonly mode?: 'backup' | 'share'
}

export interface RoutingOptions {
  /** Where titles go that no translation knows: the STP pair. Empty: they are refused. */
  readonly defaultDestinations?: readonly number[]
  readonly defaultMode?: 'backup' | 'share'
  readonly translations?: readonly Translation[]
}

export interface Route {
  readonly destinations: readonly number[]
  readonly mode: 'backup' | 'share'
}

/** The own table from global title to point code, and the default behind it. Pure. */
export class RoutingTable {
  readonly #byPrefix = new Map<string, Translation[]>()
  readonly #longestPrefix: number
  readonly #default: Route | undefined

  constructor({ translations = [], defaultDestinations = [], defaultMode = 'share' }: RoutingOptions) {
    for (const it of translations) {
      if (it.destinations.length === 0)
        throw new RangeError(`the translation of ${it.prefix || 'everything'} has no destination`)
      this.#byPrefix.set(it.prefix, [...(this.#byPrefix.get(it.prefix) ?? []), it])
    }
    this.#longestPrefix = Math.max(0, ...translations.map(({ prefix }) => prefix.length))
    if (defaultDestinations.length > 0)
      this.#default = { destinations: defaultDestinations, mode: defaultMode }
  }

  /** Undefined: nobody knows the way. */
  route(called: SccpAddress): Route | undefined {
    const { routeOn, pointCode, globalTitle } = called
    if (routeOn === 'ssn' && pointCode !== undefined) return { destinations: [pointCode], mode: 'backup' }
    if (globalTitle === undefined) return this.#default
    const { digits } = globalTitle
    for (let length = Math.min(this.#longestPrefix, digits.length); length >= 0; length--) {
      const found = this.#byPrefix.get(digits.slice(0, length))?.find((it) => fits(it, called))
      if (found !== undefined) return { destinations: found.destinations, mode: found.mode ?? 'share' }
    }
    return this.#default
  }
}

function fits({ numberingPlan, translationType }: Translation, { globalTitle }: SccpAddress): boolean {
  const title = globalTitle ?? { indicator: 0 }
  const plan = 'numberingPlan' in title ? title.numberingPlan : undefined
  const type = 'translationType' in title ? title.translationType : undefined
  return (
    (numberingPlan === undefined || numberingPlan === plan) &&
    (translationType === undefined || translationType === type)
  )
}

import { type MessageName, SERVICE_INDICATOR_SCCP } from './messages.ts'
import type { DestinationState, SendRefusal } from './mtp.ts'
import type { MaskedPointCode, Parameters } from './parameters.ts'

export interface DestinationTableOptions {
  /** A congestion that is not repeated ends after this (RFC 4666 §4.5.3 leaves it to the ASP). */
  readonly congestionMs: number
  /** A user part that was unavailable is tried again after this. */
  readonly userPartMs: number
  /** States kept; the oldest goes first. */
  readonly mostEntries?: number
}

interface Entry {
  readonly availability: DestinationState['availability']
  readonly congestionLevel: number
  readonly congestedUntilMs: number
  readonly userPartCause: number | undefined
  readonly userPartUntilMs: number
}

const NOTHING_KNOWN: Entry = {
  availability: 'unknown',
  congestionLevel: 0,
  congestedUntilMs: 0,
  userPartCause: undefined,
  userPartUntilMs: 0,
}
const LARGEST_MASK = 24
const DEFAULT_ENTRIES = 4_096

/**
 * What one SGP has said of destinations (RFC 4666 §3.4). Pure: the time is handed in. Point codes with wildcard bits
 * are kept as ranges; an exact statement made later stands above its range.
 */
export class DestinationTable {
  readonly #options: DestinationTableOptions
  readonly #exact = new Map<number, Entry>()
  readonly #ranges = new Map<string, MaskedPointCode & { readonly entry: Entry }>()

  constructor(options: DestinationTableOptions) {
    this.#options = options
  }

  /** Applies DUNA, DAVA, DRST, SCON or DUPU; other messages change nothing. Gives the point codes it named. */
  apply(name: MessageName, parameters: Parameters, nowMs: number): readonly MaskedPointCode[] {
    const change = this.#change(name, parameters, nowMs)
    const affected = parameters.affectedPointCodes ?? []
    if (change === undefined) return []
    for (const masked of affected) this.#set(masked, change)
    return affected
  }

  #change(name: MessageName, parameters: Parameters, nowMs: number): Partial<Entry> | undefined {
    switch (name) {
      case 'DUNA':
        return { availability: 'unavailable' }
      case 'DAVA':
        return { ...NOTHING_KNOWN, availability: 'available' }
      case 'DRST':
        return { availability: 'restricted' }
      case 'SCON': {
        const congestionLevel = parameters.congestionLevel ?? 1
        return { congestionLevel, congestedUntilMs: nowMs + this.#options.congestionMs }
      }
      case 'DUPU': {
        const { cause = 0, user } = parameters.userCause ?? {}
        if (user !== SERVICE_INDICATOR_SCCP) return undefined
        return { userPartCause: cause, userPartUntilMs: nowMs + this.#options.userPartMs }
      }
      default:
        return undefined
    }
  }

  #set({ mask, pointCode }: MaskedPointCode, change: Partial<Entry>): void {
    if (mask === 0) {
      this.#setExact(pointCode, change)
      return
    }
    const bits = Math.min(mask, LARGEST_MASK)
    for (const known of this.#exact.keys())
      if (known >>> bits === pointCode >>> bits) this.#setExact(known, change)
    const key = `${pointCode >>> bits}/${bits}`
    const entry = { ...(this.#ranges.get(key)?.entry ?? NOTHING_KNOWN), ...change }
    this.#ranges.set(key, { mask: bits, pointCode, entry })
    bound(this.#ranges, this.#options.mostEntries)
  }

  #setExact(pointCode: number, change: Partial<Entry>): void {
    this.#exact.set(pointCode, { ...this.#entry(pointCode), ...change })
    bound(this.#exact, this.#options.mostEntries)
  }

  #entry(pointCode: number): Entry {
    const exact = this.#exact.get(pointCode)
    if (exact !== undefined || this.#ranges.size === 0) return exact ?? NOTHING_KNOWN
    let found: (MaskedPointCode & { readonly entry: Entry }) | undefined
    for (const range of this.#ranges.values())
      if (range.pointCode >>> range.mask === pointCode >>> range.mask && range.mask < (found?.mask ?? 32))
        found = range
    return found?.entry ?? NOTHING_KNOWN
  }

  /** A message came from there: its user part is alive. */
  heardFrom(pointCode: number): void {
    const entry = this.#exact.get(pointCode)
    if (entry?.userPartCause !== undefined) this.#setExact(pointCode, { userPartCause: undefined })
  }

  /** The SGP does not know the destination's state. */
  forget(pointCodes: readonly MaskedPointCode[]): void {
    for (const it of pointCodes) this.#set(it, { availability: 'unknown' })
  }

  /** Nothing is known any more: the association or the ASP was down. */
  clear(): void {
    this.#exact.clear()
    this.#ranges.clear()
  }

  state(pointCode: number, nowMs: number): DestinationState {
    const entry = this.#entry(pointCode)
    const userPart = nowMs < entry.userPartUntilMs ? entry.userPartCause : undefined
    return {
      pointCode,
      availability: entry.availability,
      congestionLevel: nowMs < entry.congestedUntilMs ? entry.congestionLevel : 0,
      ...(userPart !== undefined && { userPartUnavailable: userPart }),
    }
  }

  /** Why a message must not go there now; undefined: it may. */
  refusal(pointCode: number, startsDialogue: boolean, nowMs: number): SendRefusal | undefined {
    if (this.#exact.size === 0 && this.#ranges.size === 0) return undefined
    const { availability, congestionLevel, userPartUnavailable } = this.state(pointCode, nowMs)
    if (availability === 'unavailable') return 'destinationUnavailable'
    if (userPartUnavailable !== undefined) return 'userPartUnavailable'
    return congestionLevel > 0 && startsDialogue ? 'destinationCongested' : undefined
  }

  /** Point codes to ask for with DAUD. */
  unavailable(): readonly MaskedPointCode[] {
    const exact = [...this.#exact]
      .filter(([, { availability }]) => availability === 'unavailable')
      .map(([pointCode]) => ({ mask: 0, pointCode }))
    const ranges = [...this.#ranges.values()]
      .filter(({ entry }) => entry.availability === 'unavailable')
      .map(({ mask, pointCode }) => ({ mask, pointCode }))
    return [...exact, ...ranges]
  }
}

function bound(map: Map<unknown, unknown>, most = DEFAULT_ENTRIES): void {
  for (const key of map.keys()) {
    if (map.size <= most) return
    map.delete(key)
  }
}

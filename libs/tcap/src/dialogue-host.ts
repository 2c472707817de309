import type { SccpAddress, UnitDataRequest, UnitDataResult } from '@ipsmgw/sccp'
import type { Dialogue } from './dialogue.ts'
import type { External } from './messages.ts'
import type { TcapEvent } from './user.ts'

/** What a dialogue needs of its TCAP. */
export interface DialogueHost {
  readonly guardMs: number
  now(): number
  send(request: UnitDataRequest): UnitDataResult
  limit(called: SccpAddress, calling: SccpAddress): number
  /** Enters the dialogue into the table; false when it is full. */
  admit(dialogue: Dialogue): boolean
  /** Takes it out of the table, its timer with it. */
  release(dialogue: Dialogue): void
  /** Sets or moves the one timer of the dialogue. */
  arm(dialogue: Dialogue, atMs: number): void
  event(event: TcapEvent): void
  fault(error: unknown): void
}

/** Where a dialogue leads, and what its AARQ says. */
export interface DialogueParameters {
  /** Own transaction id. */
  readonly id: number
  readonly local: SccpAddress
  readonly remote: SccpAddress
  /** Answers go to this node whatever routing says. */
  readonly remotePointCode?: number
  /** Instead of the guard of the TCAP: how long nothing may happen. */
  readonly guardMs?: number
  /** Dotted; without it there is no dialogue portion (MAP version 1). */
  readonly applicationContext?: string
  readonly userInformation?: readonly External[]
}

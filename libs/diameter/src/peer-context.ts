import type { LocalNode } from './capabilities.ts'
import type { DiameterHeader } from './messages.ts'
import type { NodeEvent, NodeLimits, TimerOptions } from './types.ts'
import type { Timed } from './watch-keeper.ts'

/** What a peer needs of its node. */
export interface PeerContext {
  readonly local: LocalNode
  readonly timers: TimerOptions
  readonly limits: NodeLimits
  now(): number
  random(): number
  nextHopByHopId(): number
  nextEndToEndId(): number
  setTimer(timer: Timed, atMs: number): void
  clearTimer(timer: Timed): void
  event(event: NodeEvent): void
  /** A request of the peer. `respond` may be called later, or never. */
  serve(octets: Buffer, header: DiameterHeader, peer: string, respond: (answer: Buffer) => void): void
  /** No connection is left to this peer and none will be opened from here. */
  ended(identity: string): void
}

/** A CER or CEA that was found good, and what both sides have in common. */
export interface Introduction {
  readonly request: DiameterHeader
  readonly applications: readonly number[]
}

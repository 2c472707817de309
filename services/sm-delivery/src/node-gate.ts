import type { AboutMessage } from '@ipsmgw/telemetry'
import { Breaker, type BreakerOptions } from './breaker.ts'
import { Bulkhead, type BulkheadOptions } from './bulkhead.ts'
import type { ForwardResult } from './forwarder.ts'

export interface NodeGateOptions extends BulkheadOptions, BreakerOptions {}

export type Hold = 'in-flight' | 'rate' | 'breaker'

export interface NodeGateDependencies {
  now(): number
  /** A part was not let through. */
  held(message: AboutMessage, node: string, hold: Hold): void
  /** A node is left alone from now on, or trusted again. */
  breakerChanged(node: string, open: boolean): void
}

/** The way to one node: its bulkhead and its breaker. What is held here has not left: another node may be tried. */
export class NodeGate {
  readonly #bulkhead: Bulkhead
  readonly #breaker: Breaker
  readonly #dependencies: NodeGateDependencies

  constructor(options: NodeGateOptions, dependencies: NodeGateDependencies) {
    const { now, breakerChanged } = dependencies
    this.#dependencies = dependencies
    this.#bulkhead = new Bulkhead(options, now)
    this.#breaker = new Breaker(options, { now, changed: breakerChanged })
  }

  /** Takes a place; undefined when the part may go, and `leave` follows then. */
  enter(node: string, message: AboutMessage): (ForwardResult & { kind: 'not-sent' }) | undefined {
    const hold = this.#bulkhead.enter(node) ?? this.#ask(node)
    if (hold === undefined) return undefined
    this.#dependencies.held(message, node, hold)
    return { kind: 'not-sent', ...HELD[hold] }
  }

  /** `result` is undefined when the part was given up before it was forwarded. */
  leave(node: string, result: ForwardResult | undefined): void {
    this.#bulkhead.leave(node)
    if (result === undefined || result.kind === 'not-sent') this.#breaker.withdrawn(node)
    else if (result.kind !== 'unknown') this.#breaker.answered(node)
  }

  #ask(node: string): 'breaker' | undefined {
    if (this.#breaker.admits(node)) {
      this.#breaker.started(node)
      return undefined
    }
    this.#bulkhead.leave(node)
    return 'breaker'
  }
}

const HELD = {
  'in-flight': { cause: 'servingNodeBusy', detail: 'in-flight bound of the node' },
  rate: { cause: 'servingNodeBusy', detail: 'rate bound of the node' },
  breaker: { cause: 'noRouteToServingNode', detail: 'the node has gone silent, breaker open' },
} as const satisfies Record<Hold, object>

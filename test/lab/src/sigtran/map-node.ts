import { randomBytes } from 'node:crypto'
import type { MtpService } from '@ipsmgw/m3ua'
import { CONTEXTS, type ContextName, type MapHandlers, MapServer, type MapVersion } from '@ipsmgw/map'
import { type RoutingOptions, SccpAddress, SccpEndpoint } from '@ipsmgw/sccp'
import { Tcap, type TcapEvent } from '@ipsmgw/tcap'
import type { SignallingNode } from './nodes.ts'

export interface MapNodeDependencies {
  readonly mtp: MtpService
  /** The way to gateways. */
  readonly routing: RoutingOptions
  readonly handlers: MapHandlers
}

/** The lower half of HLR, MSC and SGSN: SCCP, TCAP and a MAP server, which answers in the versions it is told to. */
export class MapNode {
  readonly #sccp: SccpEndpoint
  readonly #tcap: Tcap
  readonly #newest: Partial<Record<ContextName, MapVersion>> = {}
  readonly #events: Partial<Record<TcapEvent, number>> = {}

  constructor(node: SignallingNode, { mtp, routing, handlers }: MapNodeDependencies) {
    const { pointCode, subsystem, number } = node
    this.#sccp = new SccpEndpoint({ pointCode, routing, segmentation: false }, { mtp })
    this.#tcap = new Tcap(
      { localAddress: SccpAddress.e164(number, subsystem) },
      {
        sccp: this.#sccp,
        now: () => performance.now(),
        random32: () => randomBytes(4).readUInt32BE(),
        onEvent: (event) => {
          this.#events[event] = (this.#events[event] ?? 0) + 1
        },
      },
    )
    this.#tcap.bind(subsystem, new MapServer({ newest: this.#newest }, { handlers, onFault: rethrow }))
  }

  /** From now on contexts of newer versions are refused; with 1, as a node does that knows no dialogue portion. */
  speak(version: MapVersion): void {
    for (const name of Object.keys(CONTEXTS) as ContextName[])
      this.#newest[name] = Math.min(version, CONTEXTS[name].newest) as MapVersion
  }

  /** How often something happened in its TCAP. */
  count(event: TcapEvent): number {
    return this.#events[event] ?? 0
  }

  close(): void {
    this.#tcap.close()
    this.#sccp.close()
  }
}

/** A fault of the lab itself ends the test, not a dialogue. */
function rethrow(error: unknown): void {
  queueMicrotask(() => {
    throw error
  })
}

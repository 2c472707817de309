import { Listeners, type M3uaEndpoint, type TransferIndication } from '@ipsmgw/m3ua'
import type { IpaLink } from '@ipsmgw/sccp'
import { nodeFor, type SignallingNetwork, type SignallingNode } from '@ipsmgw/test/lab'

/** The MAP nodes of a lab behind one link to an STP of others: to it they are one signalling point, or one unit. */
export class LabBehindStp implements SignallingNetwork {
  /** Nobody connects to it. */
  readonly port = 0
  readonly #link: M3uaEndpoint | IpaLink
  readonly #gatewayPointCode: number
  readonly #nodes = new Map<SignallingNode, Listeners<TransferIndication>>()

  constructor(link: M3uaEndpoint | IpaLink, gatewayPointCode: number) {
    this.#link = link
    this.#gatewayPointCode = gatewayPointCode
    link.onTransfer((indication) => {
      const node = nodeFor(this.#nodes.keys(), indication.data)
      if (node !== undefined) this.#nodes.get(node)?.emit(indication)
    })
  }

  get connected(): boolean {
    return this.#link.active
  }

  join(node: SignallingNode): ReturnType<SignallingNetwork['join']> {
    const link = this.#link
    const listeners = new Listeners<TransferIndication>()
    this.#nodes.set(node, listeners)
    return {
      routing: { defaultDestinations: [this.#gatewayPointCode] },
      mtp: {
        // The point codes of the lab's nodes mean nothing here: they share that of the link.
        send: ({ opc: _opc, ...request }) => link.send(request),
        onTransfer: (listener) => listeners.add(listener),
        onStatus: (listener) => link.onStatus(listener),
        destination: (pointCode) => link.destination(pointCode),
        get active() {
          return link.active
        },
      },
    }
  }

  async start(): Promise<void> {
    this.#link.start()
  }

  stop(): Promise<void> {
    return this.#link.stop()
  }
}

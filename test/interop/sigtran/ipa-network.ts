import { Listeners, type MtpService, type TransferIndication } from '@ipsmgw/m3ua'
import { IpaLink, type IpaLinkOptions } from '@ipsmgw/sccp'
import { nodeFor, type SignallingNetwork, type SignallingNode } from '@ipsmgw/test/lab'

/** The MAP nodes of a lab behind one link to an STP: all of them are one unit there. */
export class IpaNetwork implements SignallingNetwork {
  readonly port = 0
  readonly #link: IpaLink
  readonly #nodes = new Map<SignallingNode, Listeners<TransferIndication>>()

  constructor(options: IpaLinkOptions) {
    this.#link = new IpaLink(options)
    this.#link.onTransfer((indication) => {
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
    const mtp: MtpService = {
      send: (request) => link.send(request),
      onTransfer: (listener) => listeners.add(listener),
      onStatus: (listener) => link.onStatus(listener),
      destination: (pointCode) => link.destination(pointCode),
      get active() {
        return link.active
      },
    }
    // IPA has no point codes: whatever the table says, the STP decides.
    return { mtp, routing: { defaultDestinations: [0] } }
  }

  async start(): Promise<void> {
    this.#link.start()
  }

  stop(): Promise<void> {
    return this.#link.stop()
  }
}

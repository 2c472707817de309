import {
  type DestinationState,
  Listeners,
  type MtpService,
  type MtpStatus,
  type SendRefusal,
  type SendResult,
  type TransferIndication,
  type TransferRequest,
} from '@ipsmgw/m3ua'

/** A lower layer in the hands of the test. */
export class FakeMtp implements MtpService {
  active = true
  readonly sent: TransferRequest[] = []
  /** Point codes that take nothing, and why. */
  readonly refusals = new Map<number, SendRefusal>()
  readonly #transfers = new Listeners<TransferIndication>()
  readonly #statuses = new Listeners<MtpStatus>()

  send(request: TransferRequest): SendResult {
    const reason = this.refusals.get(request.dpc)
    if (reason !== undefined) return { sent: false, reason }
    this.sent.push(request)
    return { sent: true }
  }

  onTransfer(listener: (indication: TransferIndication) => void): () => void {
    return this.#transfers.add(listener)
  }

  onStatus(listener: (status: MtpStatus) => void): () => void {
    return this.#statuses.add(listener)
  }

  destination(pointCode: number): DestinationState {
    return { pointCode, availability: 'unknown', congestionLevel: 0 }
  }

  receive(data: Uint8Array, opc = 2058, si = 3): void {
    this.#transfers.emit({ opc, dpc: 2057, si, ni: 2, mp: 0, sls: 0, data })
  }

  report(status: MtpStatus): void {
    this.#statuses.emit(status)
  }

  take(): TransferRequest[] {
    return this.sent.splice(0)
  }
}

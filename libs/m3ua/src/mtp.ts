/**
 * The service M3UA gives its user, the SCCP (RFC 4666 §1.4.1): the primitives of MTP level 3. `M3uaEndpoint`,
 * `M3uaServer` and the `IpaLink` of `@ipsmgw/sccp` all offer it, so that layers above know nothing of associations.
 */

/** MTP-TRANSFER request. Point codes are numbers of 14 bits (ITU). */
export interface TransferRequest {
  /** Own point code; by default that of the first application server. */
  readonly opc?: number
  readonly dpc: number
  /** Service indicator, by default 3 (SCCP). */
  readonly si?: number
  /** Network indicator; by default that of the endpoint's options. */
  readonly ni?: number
  /** Message priority, 0 to 3. */
  readonly mp?: number
  /** Signalling link selection, 0 to 15: one value keeps its order and its path. */
  readonly sls: number
  readonly data: Uint8Array
  /** The message opens a dialogue: it is held back first when the destination is congested. */
  readonly startsDialogue?: boolean
}

/** MTP-TRANSFER indication. `data` is a view that stays valid. */
export interface TransferIndication {
  readonly opc: number
  readonly dpc: number
  readonly si: number
  readonly ni: number
  readonly mp: number
  readonly sls: number
  readonly data: Uint8Array
  /** Routing context of the application server it came for, when the peer named one. */
  readonly routingContext?: number
}

/** Why a message was not sent. None of its octets left: another path may be tried at once. */
export type SendRefusal =
  | 'notActive' // no association may carry traffic now
  | 'destinationUnavailable' // DUNA
  | 'userPartUnavailable' // DUPU: nobody takes SCCP messages there
  | 'destinationCongested' // SCON, and the message opens a dialogue
  | 'queueFull' // the peer does not read fast enough
  | 'tooLong' // more octets than the transport takes in one message

export type SendResult = { readonly sent: true } | { readonly sent: false; readonly reason: SendRefusal }

/** What is known of a destination. `unknown`: nothing was ever said, traffic is tried. */
export interface DestinationState {
  readonly pointCode: number
  readonly availability: 'available' | 'restricted' | 'unavailable' | 'unknown'
  /** 0 none to 3 severe. */
  readonly congestionLevel: number
  /** DUPU: 0 unknown, 1 unequipped, 2 inaccessible. */
  readonly userPartUnavailable?: number
}

/** What the service tells its user beside messages. */
export type MtpStatus =
  | { readonly kind: 'up' } // traffic can be sent (at least one association is active)
  | { readonly kind: 'down' } // it cannot
  | { readonly kind: 'destination'; readonly state: DestinationState } // MTP-PAUSE, -RESUME, -STATUS
  /** Accepted by `send`, but never given to the transport, and no other path took it: certainly not sent. */
  | { readonly kind: 'undelivered'; readonly request: TransferRequest }

/** The service as its user sees it. Listeners are called in the order of their registration. */
export interface MtpService {
  send(request: TransferRequest): SendResult
  /** Returns a function that ends the subscription. */
  onTransfer(listener: (indication: TransferIndication) => void): () => void
  onStatus(listener: (status: MtpStatus) => void): () => void
  /** Combined view over all paths. */
  destination(pointCode: number): DestinationState
  /** Whether traffic can be sent now. */
  readonly active: boolean
}

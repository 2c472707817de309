import type { RequestName } from './dictionary/messages.ts'
import type {
  NodeDependencies,
  NodeOptions,
  OutgoingRequest,
  PeerStatus,
  RequestHandler,
  SendOptions,
  SendResult,
} from './types.ts'

/** A Diameter node: own identity, neighbours that it connects to or that connect to it, requests both ways. */
export declare class DiameterNode {
  constructor(options: NodeOptions, dependencies?: NodeDependencies)
  /** Opens the listeners and begins to connect; resolves when it listens. */
  start(): Promise<void>
  /** Serves a kind of request. */
  handle<M extends RequestName>(name: M, handler: RequestHandler<M>): void
  /** Never rejects for what the network does. */
  send<M extends RequestName>(
    name: M,
    request: OutgoingRequest<M>,
    options: SendOptions<M>,
  ): Promise<SendResult>
  addresses(): readonly { readonly host: string; readonly port: number }[]
  peers(): readonly PeerStatus[]
  /** Lets pending requests end, disconnects (DPR), closes. */
  stop(options?: { readonly drainMs?: number }): Promise<void>
}

import type {
  Clock,
  ListenOptions,
  SctpListenOptions,
  TcpListenOptions,
  Transport,
  TransportListener,
} from '@ipsmgw/sctp'
import type { TrafficMode } from '../messages.ts'
import type { M3uaEvent, M3uaTimers } from './types.ts'

/** An application server that ASPs serve. */
export interface ServedAsOptions {
  readonly pointCode: number
  readonly routingContext: number
  /** By default load sharing. */
  readonly trafficMode?: TrafficMode
  /** ASPs that may serve it, by their identifier; by default any. */
  readonly aspIdentifiers?: readonly number[]
}

export interface M3uaServerOptions {
  readonly listeners: readonly (TcpListenOptions | Omit<SctpListenOptions, 'payloadProtocol'>)[]
  /** Point codes of the server's own user. */
  readonly pointCodes: readonly number[]
  readonly networkIndicator: number
  readonly applicationServers?: readonly ServedAsOptions[]
  /** Application servers that ASPs may register (RKM); 0: none. */
  readonly mostRegistered?: number
  /** Messages that wait while an application server is pending; what comes beyond is dropped. */
  readonly mostPending?: number
  readonly timers?: Partial<M3uaTimers>
}

export type Listen = (
  options: ListenOptions,
  onTransport: (transport: Transport) => void,
) => Promise<TransportListener>

export interface M3uaServerDependencies {
  readonly clock?: Clock
  readonly listen?: Listen
  readonly onEvent?: (event: M3uaEvent) => void
}

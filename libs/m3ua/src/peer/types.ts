import type { Clock, ConnectOptions, SctpConnectOptions, TcpConnectOptions, Transport } from '@ipsmgw/sctp'
import type { ErrorAction, ErrorName } from '../error-actions.ts'
import type { TrafficMode } from '../messages.ts'

/** Durations of RFC 4666 §4.3.4 and around; all in milliseconds. */
export interface M3uaTimers {
  /** T(ack). */
  readonly ackMs: number
  /** Repetitions of a request before the association is given up. */
  readonly ackRepetitions: number
  /** T(beat); 0: no heartbeats. */
  readonly heartbeatMs: number
  /** First pause before a reconnect, doubled up to the longest, each with up to a quarter of jitter. */
  readonly reconnectMs: number
  readonly longestReconnectMs: number
  /** Until an application server that was refused is tried again. */
  readonly refusedRetryMs: number
  readonly congestionMs: number
  readonly userPartMs: number
  /** Between DAUDs for destinations that are unavailable. */
  readonly auditMs: number
  /** T(r), SGP side. */
  readonly recoveryMs: number
}

export const DEFAULT_TIMERS: M3uaTimers = {
  ackMs: 2_000,
  ackRepetitions: 3,
  heartbeatMs: 30_000,
  reconnectMs: 1_000,
  longestReconnectMs: 30_000,
  refusedRetryMs: 10_000,
  congestionMs: 5_000,
  userPartMs: 10_000,
  auditMs: 30_000,
  recoveryMs: 2_000,
}

/** An association to an SGP or IPSP. */
export type PathOptions = (TcpConnectOptions | Omit<SctpConnectOptions, 'payloadProtocol'>) & {
  /** For logs and metrics. */
  readonly name: string
}

/** An application server this ASP serves: a point code, and what the SGP calls it. */
export interface ApplicationServerOptions {
  readonly pointCode: number
  readonly routingContext?: number
  /** Left to the SGP when absent. */
  readonly trafficMode?: TrafficMode
  /** Register the routing key (RKM) instead of relying on the SGP's configuration. */
  readonly register?: boolean
}

export interface M3uaEndpointOptions {
  /** In order of preference. Several: failover, and load sharing unless the traffic mode is override. */
  readonly paths: readonly PathOptions[]
  readonly applicationServers: readonly ApplicationServerOptions[]
  /** 0 international, 2 national (Q.704 §14.2). */
  readonly networkIndicator: number
  readonly networkAppearance?: number
  readonly aspIdentifier?: number
  /** IPSP in double exchange: the peer's own ASPUP and ASPAC are acknowledged. */
  readonly doubleExchange?: boolean
  readonly timers?: Partial<M3uaTimers>
}

/** What happens, for counters and logs. Holds no user data. */
export type M3uaEvent =
  | { readonly kind: 'associationUp'; readonly path: string }
  | { readonly kind: 'associationDown'; readonly path: string; readonly error: Error | undefined }
  | { readonly kind: 'connectFailed'; readonly path: string; readonly error: Error }
  | { readonly kind: 'active' | 'inactive' | 'refused'; readonly path: string; readonly pointCode: number }
  | { readonly kind: 'ackTimeout' | 'heartbeatLost'; readonly path: string }
  | {
      readonly kind: 'errorReceived'
      readonly path: string
      readonly errorCode: number
      readonly name: ErrorName | undefined
      readonly action: ErrorAction
    }
  | { readonly kind: 'malformed'; readonly path: string; readonly error: Error }
  | { readonly kind: 'dropped'; readonly path: string; readonly reason: DropReason }

/** Why a received message was not handed on. */
export type DropReason = 'unexpected' | 'notForUs' | 'noActiveAsp' | 'pendingOverflow'

export type Connect = (options: ConnectOptions, signal: AbortSignal) => Promise<Transport>

export interface M3uaDependencies {
  readonly clock?: Clock
  /** 0 to 1, for the jitter of reconnects. */
  readonly random?: () => number
  readonly connect?: Connect
  readonly onEvent?: (event: M3uaEvent) => void
}

import {
  connectSctp,
  listenSctp,
  type SctpConnectOptions,
  type SctpDependencies,
  type SctpListenOptions,
} from './sctp.ts'
import { connectTcp, listenTcp, type TcpConnectOptions, type TcpListenOptions } from './tcp.ts'
import type { Transport, TransportListener } from './transport.ts'

export type ConnectOptions = SctpConnectOptions | TcpConnectOptions
export type ListenOptions = SctpListenOptions | TcpListenOptions

/** Opens whichever transport the options name. */
export function connectTransport(
  options: ConnectOptions,
  dependencies: SctpDependencies = {},
  signal?: AbortSignal,
): Promise<Transport> {
  return options.transport === 'sctp'
    ? connectSctp(options, dependencies, signal)
    : connectTcp(options, dependencies.clock, signal)
}

/** Accepts whichever transport the options name. */
export function listenTransport(
  options: ListenOptions,
  onTransport: (transport: Transport) => void,
  dependencies: SctpDependencies = {},
): Promise<TransportListener> {
  return options.transport === 'sctp'
    ? listenSctp(options, onTransport, dependencies)
    : listenTcp(options, onTransport, dependencies.clock)
}

export { type Clock, systemClock } from './clock.ts'
export { type SctpLack, SctpUnavailableError, TransportError, type TransportFault } from './errors.ts'
export type { Libc } from './libc.ts'
export { loadLibc } from './libc.ts'
export { type ConnectOptions, connectTransport, type ListenOptions, listenTransport } from './open.ts'
export {
  connectSctp,
  listenSctp,
  type SctpConnectOptions,
  type SctpDependencies,
  type SctpListenOptions,
} from './sctp.ts'
export type { AssociationTuning } from './socket.ts'
export { connectTcp, listenTcp, type TcpConnectOptions, type TcpListenOptions } from './tcp.ts'
export type { Transport, TransportHandlers, TransportListener, TransportMessage } from './transport.ts'

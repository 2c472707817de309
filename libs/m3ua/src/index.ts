export {
  COMMON_HEADER_OCTETS,
  decodeM3ua,
  encodeData,
  encodeM3ua,
  errorCodeOf,
  errorCodeOfUnknown,
  LONGEST_MESSAGE_OCTETS,
} from './codec.ts'
export { DestinationTable, type DestinationTableOptions } from './destinations.ts'
export { ERROR_ACTIONS, type ErrorAction, type ErrorName, errorAction, errorName } from './error-actions.ts'
export { M3uaFramer } from './framer.ts'
export {
  DeregistrationStatus,
  ErrorCode,
  M3UA_PORT,
  M3UA_PPID,
  type M3uaMessage,
  MESSAGES,
  MessageClass,
  type MessageName,
  NotifyStatus,
  type OutgoingMessage,
  RegistrationStatus,
  SERVICE_INDICATOR_SCCP,
  TrafficMode,
} from './messages.ts'
export type {
  DestinationState,
  MtpService,
  MtpStatus,
  SendRefusal,
  SendResult,
  TransferIndication,
  TransferRequest,
} from './mtp.ts'
export type {
  DeregistrationResult,
  MaskedPointCode,
  ParameterName,
  Parameters,
  ProtocolData,
  RawParameter,
  RegistrationResult,
  RoutingKey,
} from './parameters.ts'
export { M3uaEndpoint } from './peer/endpoint.ts'
export { Listeners } from './peer/listeners.ts'
export { Reconnect, type ReconnectOptions } from './peer/reconnect.ts'
export { M3uaServer } from './peer/server.ts'
export type { M3uaServerDependencies, M3uaServerOptions, ServedAsOptions } from './peer/server-types.ts'
export {
  type ApplicationServerOptions,
  DEFAULT_TIMERS,
  type M3uaDependencies,
  type M3uaEndpointOptions,
  type M3uaEvent,
  type M3uaTimers,
  type PathOptions,
} from './peer/types.ts'

export {
  COMMON_HEADER_OCTETS,
  decodeM3ua,
  encodeData,
  encodeM3ua,
  errorCodeOf,
  errorCodeOfUnknown,
  LONGEST_MESSAGE_OCTETS,
} from './codec.ts'
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

export { type Envelope, encodeMessage } from './build.ts'
export {
  decodeAvps,
  decodeDiameter,
  decodeGroup,
  decodeHeader,
  encodeAvps,
  encodeDiameter,
  LONGEST_MESSAGE_OCTETS,
} from './codec.ts'
export { describeDiameter, type MessageDescription } from './describe.ts'
export { Application, VENDOR_3GPP } from './dictionary/applications.ts'
export { AVPS, type AvpName } from './dictionary/avps.ts'
export type { AvpDefinition, AvpValue, Fields, MessageDefinition } from './dictionary/definitions.ts'
export {
  AuthSessionState,
  DataReference,
  DisconnectCause,
  IdentitySet,
  MwdStatus,
  RdrFlags,
  SendDataIndication,
  SmDeliveryCause,
  SmEnumeratedDeliveryFailureCause,
  SmRpMti,
  SmsGmscAlertEvent,
  SrrFlags,
  SubsReqType,
  TfrFlags,
} from './dictionary/enumerations.ts'
export { nameOfAvp } from './dictionary/lookup.ts'
export {
  type AnswerName,
  MESSAGES,
  type MessageName,
  type RepeatableRequest,
  type RequestName,
} from './dictionary/messages.ts'
export { ExperimentalResult, ResultCode } from './dictionary/results.ts'
export { AvpError, resultCodeOf } from './errors.ts'
export { nameOfMessage, readAnswer, readRequest, value, values } from './fields.ts'
export { DiameterFramer, type FramerSink } from './framer.ts'
export type { Avp, DiameterHeader, DiameterMessage } from './messages.ts'
export { DiameterNode } from './node.ts'
export { createDiameterPart, type DiameterPart, type DiameterPartOptions } from './node-part.ts'
export type { OverloadReport } from './overload-control.ts'
export { DIAMETER_PORT, DIAMETER_TLS_PORT } from './ports.ts'
export { type DiameterResult, experimentalResult, isSuccess, result, resultOf } from './results.ts'
export { type DiameterSettings, diameterSchema } from './settings.ts'
export { type SmsmiIdentity, smsmiCorrelationId } from './smsmi.ts'
export type {
  IncomingRequest,
  ListenerOptions,
  NodeDependencies,
  NodeEvent,
  NodeLimits,
  NodeOptions,
  OutgoingAnswer,
  OutgoingRequest,
  PeerOptions,
  PeerStatus,
  RequestHandler,
  SendOptions,
  SendResult,
  TimerOptions,
  TlsCredentials,
} from './types.ts'

export { NameAddr, parseNameAddr, parseNameAddrList } from './address.ts'
export { octetsOf, utf8View } from './chars.ts'
export { Dialog, dialogIdOf } from './dialog.ts'
export { type SipParseCode, SipParseError } from './errors.ts'
export { type FramerSink, StreamFramer } from './framer.ts'
export { headerKey, SipHeaders } from './headers.ts'
export { type ServedUser, SipMessage, SipRequest, SipResponse } from './message.ts'
export {
  DEFAULT_LIMITS,
  type HeaderEntry,
  type HeaderInput,
  REASON_PHRASES,
  reasonPhrase,
  type SipLimits,
} from './messages.ts'
export { type OverloadFeedback, offersOverloadControl } from './overload.ts'
export { NO_PARAMS, quote, type SipParam, SipParams, splitList, unquote } from './params.ts'
export { parseDatagram } from './parser.ts'
export { DEFAULT_ENDPOINT_LIMITS, DEFAULT_TIMERS, SipEndpoint } from './peer/endpoint.ts'
export type {
  EndpointLimits,
  IncomingRequest,
  InviteEnd,
  ListenerAddress,
  ListenerOptions,
  OutgoingRequest,
  RequestOutcome,
  RespondOutcome,
  ResponseDetail,
  ServerTransactionHandle,
  SipClock,
  SipDestination,
  SipEndpointDependencies,
  SipEndpointOptions,
  SipEventName,
  SipSource,
  TimerOptions,
  Transport,
} from './peer/types.ts'
export { TRANSPORTS } from './peer/types.ts'
export { buildResponse, responseFrame } from './response.ts'
export { serializeRequest } from './serialize.ts'
export {
  dialogRefusal,
  extensionRefusal,
  methodRefusal,
  schemeRefusal,
  type UasRefusal,
} from './uas-checks.ts'
export { type OtherUri, parseUri, percentDecode, SipUri, type TelUri, type Uri, uriEquals } from './uri.ts'
export { type ContentType, type CSeq, formatDate, parseContentType, parseDate } from './values.ts'
export { MAGIC_COOKIE, parseViaLine, type Via } from './via.ts'

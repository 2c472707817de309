export { decodeByteRange, decodeHeaders, decodeStartLine, headerOf, sessionIdOf } from './codec.ts'
export { MsrpFramer } from './framer.ts'
export { NOTHING_RECEIVED, type ReceivedMessage, receive } from './fsm.ts'
export * from './messages.ts'
export {
  type MessageReply,
  MSRP_EVENTS,
  type MsrpEventName,
  MsrpServer,
  type MsrpServerOptions,
  type MsrpSession,
} from './peer.ts'
export { decodeOffer, encodeAnswer, type MsrpTransport, type OfferedMedia } from './sdp.ts'

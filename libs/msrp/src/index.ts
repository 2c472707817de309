export { decodeByteRange, decodeHeaders, decodeStartLine, headerOf, sessionIdOf } from './codec.ts'
export { MsrpFramer } from './framer.ts'
export { NOTHING_RECEIVED, type ReceivedMessage, receive } from './fsm.ts'
export * from './messages.ts'
export { type Ability, type Agreement, agree } from './negotiation.ts'
export {
  MSRP_EVENTS,
  MsrpEndpoint,
  type MsrpEndpointOptions,
  type MsrpEventName,
  type MsrpSession,
} from './peer.ts'
export { decodeOffer, encodeAnswer, type MsrpTransport, type OfferedMedia } from './sdp.ts'
export type { MessageReply } from './session.ts'

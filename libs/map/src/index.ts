export {
  type Destination,
  MapClient,
  type MapClientDependencies,
  type MapClientOptions,
} from './client.ts'
export {
  DIALOGUE_PDUS,
  type DialoguePdu,
  decodeDialoguePdu,
  encodeDialoguePdu,
  MAP_DIALOGUE_AS,
  ProcedureCancellation,
} from './dialogue.ts'
export { decodeMapError, encodeMapError, MAP_ERRORS, type MapError, type MapErrorName } from './errors.ts'
export type { ForwardPart, ForwardSession, ForwardTarget } from './forward-session.ts'
export type { MapAnswer, MapHandlers, MapRequest, MapServerDependencies } from './incoming-dialogue.ts'
export {
  AbsentSubscriberDiagnostic,
  AddressNature,
  AddressPlan,
  type ApplicationContext,
  CONTEXTS,
  type ContextName,
  contextOf,
  contextOid,
  DeliveryFailureCause,
  imsiAddress,
  internationalNumber,
  type MapAddress,
  type MapVersion,
  NetworkResource,
  OperationCode,
  SmDeliveryOutcome,
} from './messages.ts'
export { nextVersion } from './negotiation.ts'
export {
  type Argument,
  decodeArgument,
  decodeResult,
  encodeArgument,
  encodeResult,
  OPERATIONS,
  type OperationName,
  operationOf,
  type Result,
} from './operations.ts'
export type { MapOutcome, NotExecuted, UnknownReason } from './outcomes.ts'
export { MapServer, type MapServerOptions } from './server.ts'
export { DEFAULT_TIMERS, type MapTimers } from './timers.ts'
export { VersionCache, type VersionCacheOptions } from './version-cache.ts'

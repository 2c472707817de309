export {
  DIALOGUE_PDUS,
  type DialoguePdu,
  decodeDialoguePdu,
  encodeDialoguePdu,
  MAP_DIALOGUE_AS,
  ProcedureCancellation,
} from './dialogue.ts'
export { decodeMapError, encodeMapError, MAP_ERRORS, type MapError, type MapErrorName } from './errors.ts'
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

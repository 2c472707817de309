export {
  type GlobalTitle,
  NatureOfAddress,
  NumberingPlan,
  SccpAddress,
  type SccpAddressFields,
} from './address.ts'
export { decodeSccp, encodeSccp } from './codec.ts'
export {
  decodeManagement,
  encodeManagement,
  ManagementFormat,
  type ManagementMessage,
} from './management.ts'
export {
  OptionalParameter,
  type RawParameter,
  ReturnCause,
  type SccpMessage,
  SccpMessageType,
  type Segmentation,
  Ssn,
  type UnitData,
  type UnitDataService,
} from './messages.ts'
export type {
  NoticeIndication,
  SccpService,
  SccpUser,
  UnitDataIndication,
  UnitDataRefusal,
  UnitDataRequest,
  UnitDataResult,
} from './service.ts'

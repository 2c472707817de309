export {
  type GlobalTitle,
  NatureOfAddress,
  NumberingPlan,
  SccpAddress,
  type SccpAddressFields,
} from './address.ts'
export { decodeSccp, encodeSccp } from './codec.ts'
export { type SccpDependencies, SccpEndpoint, type SccpEndpointOptions, type SccpEvent } from './endpoint.ts'
export { type IpaDependencies, type IpaEvent, IpaLink, type IpaLinkOptions } from './ipa/link.ts'
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
export type { RoutingOptions, Translation } from './routing.ts'
export type { ReassemblyOptions } from './segmentation.ts'
export type {
  NoticeIndication,
  SccpService,
  SccpUser,
  UnitDataIndication,
  UnitDataRefusal,
  UnitDataRequest,
  UnitDataResult,
} from './service.ts'

export { BEHAVIOURS, type Behaviour, NODE_KINDS, type NodeKind, type SubscriberSetting } from './behaviour.ts'
export { LAB_GATEWAY, labPeers, labSigtran } from './gateway-settings.ts'
export { ApplicationServer, type ApplicationServerOptions } from './ims/application-server.ts'
export type { Final, Passage } from './ims/element.ts'
export { ALICE, BOB, type Called, Ims, type ImsAddresses, type ImsOptions } from './ims/ims.ts'
export {
  type FilterCriterion,
  Scscf,
  type ScscfOptions,
  type SessionCase,
  type UserProfile,
} from './ims/scscf.ts'
export {
  type InstantMessage,
  type SentMessage,
  UserEquipment,
  type UserOptions,
} from './ims/user-equipment.ts'
export { createLab, type Lab, type LabDependencies, type LabOptions, type LabPorts } from './lab.ts'
export { LAB_GATEWAYS, LAB_NODES, LAB_SIGNALLING } from './nodes.ts'
export type { PhoneMessage } from './phones.ts'
export type { SeenRequest } from './request-log.ts'
export { nodeFor, type SignallingNode } from './sigtran/nodes.ts'
export type { SignallingNetwork } from './sigtran/stp.ts'

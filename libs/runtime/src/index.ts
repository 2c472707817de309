export {
  type AdminServerDependencies,
  type AdminServerOptions,
  createAdminServer,
  httpSchema,
  listenAdmin,
  listenError,
  type Readiness,
  StartError,
} from './admin-server.ts'
export { Deadlines } from './deadlines.ts'
export { createHost, type Host, type HostDependencies, type HostOptions } from './host.ts'
export { keysSchema, loadKey } from './keys.ts'
export { Lifecycle, type Part, stopSignal } from './lifecycle.ts'
export {
  productVersion,
  type RunningService,
  runService,
  type ServiceContext,
  type ServiceDefinition,
} from './main.ts'
export { ordinalSchema } from './ordinal.ts'
export { SeenSet } from './seen-set.ts'

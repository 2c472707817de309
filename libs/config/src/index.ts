export { ConfigError, type ConfigProblem, problemsOf } from './errors.ts'
export { describeSettings, printable } from './help.ts'
export { type ConfigSources, environmentName, type LoadedConfig, loadConfig } from './load.ts'

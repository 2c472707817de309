import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { parse, parseAllDocuments } from 'yaml'
import { goTool } from '../../../scripts/go-tools.ts'
import { ROOT } from '../../support/processes.ts'

export const CHART = join(ROOT, 'helm', 'ipsmgw')

/** Values files that must work, by name; `default` has none. */
export const EXAMPLES: Readonly<Record<string, readonly string[]>> = {
  default: [],
  minimal: ['--values', join(CHART, 'examples', 'minimal.yaml')],
  carrier: ['--values', join(CHART, 'examples', 'carrier.yaml')],
  signalling: ['--values', join(CHART, 'examples', 'signalling.yaml')],
}

/** A Kubernetes object as far as tests look into it. */
export interface Manifest {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: {
    readonly name: string
    readonly labels?: Readonly<Record<string, string>>
    readonly annotations?: Readonly<Record<string, string>>
  }
  // biome-ignore lint/suspicious/noExplicitAny: tests walk into specs of a dozen kinds
  readonly spec?: any
  readonly data?: Readonly<Record<string, string>>
  readonly immutable?: boolean
}

export interface Finished {
  readonly code: number | null
  readonly output: string
}

export function helm(args: readonly string[]): Finished {
  const { status, stdout, stderr } = spawnSync(goTool('helm'), args, {
    encoding: 'utf8',
    maxBuffer: 64 << 20,
  })
  return { code: status, output: status === 0 ? stdout : stdout + stderr }
}

/** What `helm template` makes of the chart; throws with its words when it refuses. */
export function render(args: readonly string[]): string {
  const { code, output } = helm(['template', 'rel', CHART, '--namespace', 'ipsmgw', ...args])
  if (code !== 0) throw new Error(output)
  return output
}

export const documents = (text: string): Manifest[] =>
  parseAllDocuments(text)
    .map((document) => document.toJS({ maxAliasCount: 1_000 }) as Manifest | null)
    .filter((document) => document !== null)

/** Strict decoding into the typed API, and the restricted Pod Security Standard. */
export function gate(text: string): Finished {
  const { status, stdout, stderr } = spawnSync(goTool('manifest-gate'), [], {
    encoding: 'utf8',
    input: text,
    maxBuffer: 64 << 20,
  })
  return { code: status, output: stdout + stderr }
}

const rendered = Object.fromEntries(
  Object.entries(EXAMPLES).map(([name, args]) => [name, documents(render(args))]),
)

/** Objects of an example, rendered once. */
export const ofExample = (name: string): Manifest[] => rendered[name] as Manifest[]

export const of = (kind: string, all: readonly Manifest[]) => all.filter((it) => it.kind === kind)

export const workloads = (all: readonly Manifest[]) => [...of('StatefulSet', all), ...of('Deployment', all)]

export function named(name: string, all: readonly Manifest[]): Manifest {
  const found = all.find((it) => it.metadata.name === name)
  assert.ok(found, `${name} is not among ${all.map((it) => it.metadata.name).join(', ')}`)
  return found
}

/** What a component's process reads. */
// biome-ignore lint/suspicious/noExplicitAny: settings of seven services
export function settingsOf(all: readonly Manifest[], component: string): any {
  const [config] = of('ConfigMap', all).filter(
    (it) => it.immutable && it.metadata.labels?.['app.kubernetes.io/component'] === component,
  )
  return parse(config?.data?.['config.yaml'] ?? '')
}

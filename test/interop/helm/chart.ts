import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { parseAllDocuments } from 'yaml'
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

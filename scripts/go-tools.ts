// Command-line tools written in Go that tests and chores use: built once per version below .ipsmgw/tools. Modules and
// build results come from Go's own cache, so that a second clone on a machine takes seconds.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const tools = join(root, '.ipsmgw', 'tools')
/** Kubernetes is 1,500 packages. */
const longestMs = 60 * 60_000

/** A module is installed at its version; a folder is a module of this repository, with programs of its own or of others. */
type Tool =
  | { readonly module: string; readonly version: string }
  | { readonly folder: string; readonly package?: string; readonly module?: never }

const kubernetes = (name: string) => ({
  folder: 'scripts/kubernetes',
  package: `k8s.io/kubernetes/cmd/${name}`,
})

const known = {
  helm: { module: 'helm.sh/helm/v3/cmd/helm', version: 'v3.22.0' },
  'manifest-gate': { folder: 'scripts/manifest-gate' },
  'sip-sender': { folder: 'test/interop/sip/sender' },
  'otel-collector': { folder: 'scripts/otel-collector' },
  etcd: { folder: 'scripts/kubernetes', package: 'go.etcd.io/etcd/server/v3' },
  'kube-apiserver': kubernetes('kube-apiserver'),
  'kube-controller-manager': kubernetes('kube-controller-manager'),
  'kube-scheduler': kubernetes('kube-scheduler'),
} as const satisfies Record<string, Tool>

export type GoTool = keyof typeof known

function digestOf(folder: string): string {
  const hash = createHash('sha256')
  for (const name of readdirSync(folder).sort()) hash.update(name).update(readFileSync(join(folder, name)))
  return hash.digest('hex').slice(0, 12)
}

/** Kubernetes says which version it is only when the linker was told; charts ask for it. */
function linkerFlags(folder: string): string {
  const [, version] = /k8s\.io\/kubernetes (v\S+)/.exec(readFileSync(join(folder, 'go.mod'), 'utf8')) ?? []
  return `-s -w${version === undefined ? '' : ` -X k8s.io/component-base/version.gitVersion=${version}`}`
}

function build(name: GoTool, tool: Tool, target: string): void {
  mkdirSync(tools, { recursive: true })
  const made = mkdtempSync(join(tools, 'build-'))
  const folder = join(root, tool.module === undefined ? tool.folder : '')
  const args =
    tool.module === undefined
      ? ['build', '-ldflags', linkerFlags(folder), '-o', join(made, name), tool.package ?? '.']
      : ['install', `${tool.module}@${tool.version}`]
  const { status, stderr, error } = spawnSync('go', args, {
    cwd: folder,
    encoding: 'utf8',
    timeout: longestMs,
    env: { ...process.env, GOBIN: made, GOFLAGS: '' },
  })
  if (status !== 0) {
    rmSync(made, { recursive: true, force: true })
    throw new Error(`go ${args.join(' ')} failed (Go 1.26 or later is needed): ${error?.message ?? stderr}`)
  }
  rmSync(target, { recursive: true, force: true })
  renameSync(made, target)
}

/** Path of a tool, built when it is not there yet. Throws with Go's words when it cannot be built. */
export function goTool(name: GoTool): string {
  const tool: Tool = known[name]
  const version = tool.module === undefined ? digestOf(join(root, tool.folder)) : tool.version
  const target = join(tools, `${name}-${version}`)
  if (!existsSync(join(target, name))) build(name, tool, target)
  return join(target, name)
}

// Command-line tools written in Go that tests and chores use: built once per version below .ipsmgw/tools. Modules and
// build results come from Go's own cache, so that a second clone on a machine takes seconds.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const tools = join(root, '.ipsmgw', 'tools')
const longestMs = 20 * 60_000

/** A module is installed at its version, a folder is a program of this repository. */
type Tool =
  | { readonly module: string; readonly version: string }
  | { readonly folder: string; readonly module?: never }

const known = {
  helm: { module: 'helm.sh/helm/v3/cmd/helm', version: 'v3.22.0' },
  'manifest-gate': { folder: 'scripts/manifest-gate' },
} as const satisfies Record<string, Tool>

function digestOf(folder: string): string {
  const hash = createHash('sha256')
  for (const name of readdirSync(folder).sort()) hash.update(name).update(readFileSync(join(folder, name)))
  return hash.digest('hex').slice(0, 12)
}

function build(tool: Tool, target: string): void {
  mkdirSync(tools, { recursive: true })
  const made = mkdtempSync(join(tools, 'build-'))
  const [args, cwd] =
    tool.module === undefined
      ? [['build', '-o', `${made}/`, '.'], join(root, tool.folder)]
      : [['install', `${tool.module}@${tool.version}`], root]
  const { status, stderr, error } = spawnSync('go', args, {
    cwd,
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
export function goTool(name: keyof typeof known): string {
  const tool: Tool = known[name]
  const version = tool.module === undefined ? digestOf(join(root, tool.folder)) : tool.version
  const target = join(tools, `${name}-${version}`)
  if (!existsSync(join(target, name))) build(tool, target)
  return join(target, name)
}

// Runs before `npm start`, `npm test` and friends, on any Node >= 20, straight after a clone: installs from
// the lockfile when that is needed, and proves that the `node` of the npm scripts can run TypeScript source.
// Plain JavaScript without dependencies, because nothing is installed yet when it starts.
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The oldest Node that runs the project's source as it is. */
export const requiredMajor = 24

const waitForOtherSetupMs = 10 * 60_000

/** A problem whose message is the whole story for the user: no stack trace needed. */
export class SetupError extends Error {
  name = 'SetupError'
}

/** SHA-256 of the lockfile: the identity of an installation. */
const lockDigest = (root) =>
  createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex')

const stampPath = (root) => join(root, 'node_modules', '.ipsmgw-setup')

const readOr = (path, fallback) => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return fallback
  }
}

/**
 * True when everything that the lockfile wants is in the tree that npm recorded in node_modules.
 * Optional packages may be missing (they belong to other platforms). Lets a hand-made `npm install` count.
 */
export function satisfies(lock, installed) {
  for (const [path, wanted] of Object.entries(lock.packages ?? {})) {
    if (!path.startsWith('node_modules/') && !path.includes('/node_modules/')) continue
    const found = installed.packages?.[path]
    if (found === undefined) {
      if (wanted.optional) continue
      return false
    }
    if (found.version !== wanted.version || (wanted.link && found.resolved !== wanted.resolved)) return false
  }
  return true
}

/** Whether `npm ci` has to run. A matching stamp answers in a millisecond; else npm's own record is compared. */
export function needsInstall(root) {
  const record = readOr(join(root, 'node_modules', '.package-lock.json'), undefined)
  if (record === undefined) return true
  const digest = lockDigest(root)
  if (readOr(stampPath(root), '') === digest) return false
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))
  if (!satisfies(lock, JSON.parse(record))) return true
  writeFileSync(stampPath(root), digest)
  return false
}

/** npm as `[command, leading arguments]`: the npm that runs us, on the Node that runs it, else the one on PATH. */
function npmCommand() {
  const cli = process.env.npm_execpath
  if (cli !== undefined && /\.c?js$/.test(cli) && existsSync(cli)) {
    return [process.env.npm_node_execpath ?? process.execPath, [cli]]
  }
  return [process.platform === 'win32' ? 'npm.cmd' : 'npm', []]
}

/** One line that tells how long it takes: rewritten each second on a terminal, start and end elsewhere. */
function progressLine(text, out) {
  const startedAt = Date.now()
  const seconds = () => Math.round((Date.now() - startedAt) / 1000)
  if (!out.isTTY) out.write(`${text} ...\n`)
  const show = () => out.write(`\r${text} ... ${seconds()} s `)
  const timer = out.isTTY ? setInterval(show, 1000) : undefined
  if (out.isTTY) show()
  return (ending) => {
    clearInterval(timer)
    out.write(
      out.isTTY
        ? `\r${text} ... ${ending} after ${seconds()} s\n`
        : `${text}: ${ending} after ${seconds()} s\n`,
    )
  }
}

/** Runs npm in the clone and keeps quiet; resolves to its exit code and its words. */
async function runNpm(root, args) {
  const [command, leading] = npmCommand()
  const quiet = [
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--no-progress',
    '--loglevel=error',
    '--engine-strict=false',
  ]
  const child = spawn(command, [...leading, ...args, ...quiet], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    shell: process.platform === 'win32' && leading.length === 0,
    env: { ...process.env, npm_config_update_notifier: 'false' },
  })
  let said = ''
  const keep = (chunk) => {
    said = (said + chunk).slice(0, 4_000)
  }
  child.stdout.on('data', keep)
  child.stderr.on('data', keep)
  const code = await new Promise((resolve) => {
    child.once('error', (error) => {
      keep(error.message)
      resolve(1)
    })
    child.once('close', resolve)
  })
  return { code, said }
}

/** Installs what the lockfile says; quiet unless it fails, then npm's own words follow. */
async function install(root, out) {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))
  const count = Object.keys(lock.packages).filter((path) => path.startsWith('node_modules/')).length
  const done = progressLine(`Installing ${count} packages from package-lock.json (once)`, out)
  const { code, said } = await runNpm(root, ['ci', '--include=dev', '--include=optional'])
  done(code === 0 ? 'done' : 'failed')
  if (code !== 0) {
    throw new SetupError(
      `${said.trim()}\n\nThe installation failed (npm's words are above). Run \`npm ci\` to see it alone.`,
    )
  }
  writeFileSync(stampPath(root), lockDigest(root))
}

/**
 * npm 10 takes the link `.bin/node` away again: packages of other platforms, which it drops, name the same link.
 * True when the link had to be asked for once more.
 */
async function repairNodeLink(root) {
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`
  const links = [join(root, 'node_modules', '.bin', 'node'), join(root, 'node_modules', '.bin', 'node.cmd')]
  if (links.some((path) => existsSync(path)) || !existsSync(join(root, 'node_modules', name))) return false
  await runNpm(root, ['rebuild', name])
  return true
}

const isAlive = (pid) => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}

/** Two terminals may start at once: the second waits for the first instead of pulling the tree from under it. */
async function withLock(root, work) {
  const path = join(root, '.ipsmgw', 'setup.lock')
  const giveUpAt = Date.now() + waitForOtherSetupMs
  mkdirSync(dirname(path), { recursive: true })
  for (;;) {
    try {
      writeFileSync(path, String(process.pid), { flag: 'wx' })
      break
    } catch (error) {
      if (error.code !== 'EEXIST') throw error
    }
    const owner = Number(readOr(path, '0'))
    if (owner > 0 && !isAlive(owner)) rmSync(path, { force: true })
    else if (Date.now() > giveUpAt)
      throw new SetupError(`Another set-up holds ${path}. If none runs, delete that file.`)
    else await new Promise((resolve) => setTimeout(resolve, 200))
  }
  try {
    return await work()
  } finally {
    rmSync(path, { force: true })
  }
}

/** The environment of an npm script: the project's own `node` comes first. */
export function scriptEnvironment(root) {
  const key = Object.keys(process.env).find((name) => name.toUpperCase() === 'PATH') ?? 'PATH'
  return { ...process.env, [key]: [join(root, 'node_modules', '.bin'), process.env[key]].join(delimiter) }
}

/** Asks the `node` that npm scripts will get for its version and path; throws the sentence when it is too old. */
export function proveNode(root) {
  const asked = spawnSync('node', ['-p', 'process.version + " " + process.execPath'], {
    env: scriptEnvironment(root),
    encoding: 'utf8',
    shell: process.platform === 'win32',
  })
  const [version = '', ...path] = (asked.stdout ?? '').trim().split(' ')
  const major = Number(/^v(\d+)\./.exec(version)?.[1] ?? 0)
  if (major >= requiredMajor) return { version, path: path.join(' ') }
  const why = version === '' ? 'but it does not run' : `but it is ${version} (${path.join(' ')})`
  throw new SetupError(
    `The \`node\` of the npm scripts must be version ${requiredMajor} or newer, ${why}; ` +
      `there is no prebuilt one for ${process.platform}-${process.arch} here, ` +
      `so install Node ${requiredMajor} from https://nodejs.org and run the command again.`,
  )
}

/** Makes the clone ready; returns at once when it is. Throws SetupError with a sentence for the user. */
export async function ensureReady(root, out = process.stderr) {
  const fresh = needsInstall(root)
  if (fresh) await withLock(root, async () => needsInstall(root) && (await install(root, out)))
  const relinked = await repairNodeLink(root)
  const runsOnScriptNode = process.execPath.startsWith(join(root, 'node_modules')) && !fresh && !relinked
  if (runsOnScriptNode && Number(process.versions.node.split('.')[0]) >= requiredMajor) return
  proveNode(root)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    await ensureReady(dirname(dirname(fileURLToPath(import.meta.url))))
  } catch (error) {
    if (!(error instanceof SetupError)) throw error
    process.stderr.write(`${error.message}\n`)
    process.exitCode = 1
  }
}

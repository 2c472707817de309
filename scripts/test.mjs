// The test command: `npm test`. Runs the suites in order, brings the neighbours they need where it may, counts
// what ran, and ends with one line of figures. Plain JavaScript: it may be the first thing an old Node meets.
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { aptPrefix, install, installLine, missingPrograms, neighboursOf, searchPath } from './neighbours.mjs'
import { ensureReady, requiredMajor, SetupError, scriptEnvironment } from './setup.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const inCi = Boolean(process.env.CI) && process.env.CI !== 'false'
const minuteMs = 60_000
const killAfterMs = 3_000

/** Steps of the suite `check`: what it proves, and the arguments for `node`. */
const checks = [
  ['format and lint', ['node_modules/@biomejs/biome/bin/biome', 'check', '--error-on-warnings', '.']],
  ['types', ['node_modules/typescript/bin/tsc', '-p', '.']],
  ['promises and exhaustive switches', ['node_modules/eslint/bin/eslint.js', '.']],
  ['import levels', ['scripts/check-levels.mjs']],
  ['lockfile', ['scripts/complete-lockfile.mjs', '--check']],
  ['documents', ['scripts/check-docs.mjs']],
  ['chart', ['scripts/chart.ts', '--check']],
  ['dashboards, alerts, runbooks', ['scripts/check-metrics.ts']],
]

/** Suites in their order. `files` matches paths from the root; those `onRequest` run only when they are named. */
const suites = [
  {
    name: 'check',
    about: 'format, types, promise rules, import levels, lockfile, documents, chart, metrics',
    limitMinutes: 10,
  },
  {
    name: 'unit',
    about: 'tests beside the source',
    files:
      /^(libs|services)\/[^/]+\/.*\.test\.ts$|^test\/(lab|fuzz)\/.*\.test\.ts$|^test\/chaos\/(judge|story|watch|windows|wires)\.test\.ts$|^scripts\/.*\.test\.mjs$/,
    atOnce: 2,
    limitMinutes: 15,
  },
  {
    name: 'e2e',
    about: 'the gateway among the neighbours of the lab',
    files: /^test\/e2e\/.*\.test\.ts$/,
    atOnce: 1,
    limitMinutes: 20,
  },
  {
    name: 'interop',
    about: 'the gateway among the programs of others',
    files: /^test\/interop\/(?!cluster\/).*\.test\.ts$/,
    atOnce: 1,
    limitMinutes: 40,
  },
  {
    name: 'chaos',
    about: 'the services as processes over Kafka while things break; only when named',
    files: /^test\/chaos\/(chaos|rolling-restart)\.test\.ts$/,
    atOnce: 1,
    limitMinutes: 20,
    onRequest: true,
  },
  {
    name: 'cluster',
    about:
      'the chart, k8s/ and the collector before a control plane of Kubernetes and a collector that Go builds first; only when named',
    files: /^test\/interop\/cluster\/.*\.test\.ts$/,
    atOnce: 1,
    limitMinutes: 90,
    onRequest: true,
  },
]

const say = (text) => process.stdout.write(`${text}\n`)
const minutes = (ms) => (ms / minuteMs).toFixed(1)

/** Every file of the project's folders, as paths from the root with forward slashes. */
function projectFiles() {
  const found = []
  const walk = (folder) => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (entry.name === 'node_modules' || entry.name.startsWith('.')) continue
      const path = join(folder, entry.name)
      if (entry.isDirectory()) walk(path)
      else found.push(relative(root, path).split(sep).join('/'))
    }
  }
  for (const folder of ['libs', 'services', 'scripts', 'test'])
    if (existsSync(join(root, folder))) walk(join(root, folder))
  return found.sort()
}

/** Children now running, each the leader of a process group of its own. */
const running = new Set()
/** Set by a signal: nothing new is started and no result is waited for any more. */
let stopping = false

const signalGroup = (child, signal) => {
  try {
    process.kill(process.platform === 'win32' ? child.pid : -child.pid, signal)
  } catch {
    // The group has gone: that is what was wanted.
  }
}

const stop = (child) => {
  signalGroup(child, 'SIGTERM')
  setTimeout(() => running.has(child) && signalGroup(child, 'SIGKILL'), killAfterMs).unref()
}

/** Runs a program; resolves to its exit code, or to what ended it. Output goes to `onOutput`, else to ours. */
function run(command, args, { env = process.env, limitMs, onOutput, input } = {}) {
  const output = onOutput === undefined ? 'inherit' : 'pipe'
  const child = spawn(command, args, {
    cwd: root,
    env,
    detached: process.platform !== 'win32',
    stdio: [input === undefined ? 'ignore' : 'pipe', output, output],
  })
  running.add(child)
  child.stdout?.on('data', onOutput)
  child.stderr?.on('data', onOutput)
  child.stdin?.end(input)
  return new Promise((resolve) => {
    let ended
    const timer = setTimeout(
      () => {
        ended = `stopped after ${minutes(limitMs)} minutes`
        stop(child)
      },
      limitMs ?? 2 ** 31 - 1,
    )
    child.once('error', (error) => {
      ended ??= error.message
    })
    child.once('close', (code, signal) => {
      clearTimeout(timer)
      if (process.platform !== 'win32') signalGroup(child, 'SIGKILL')
      running.delete(child)
      if (!stopping) resolve(ended ?? (code === null ? `ended by ${signal}` : code))
    })
  })
}

async function runChecks(suite, env) {
  const counts = { passed: 0, failed: 0, skipped: 0 }
  const waiting = [...checks]
  const worker = async () => {
    for (let step = waiting.shift(); step !== undefined; step = waiting.shift()) {
      const [name, args] = step
      const startedAt = Date.now()
      let said = ''
      const onOutput = (chunk) => {
        said += chunk
      }
      const code = await run(process.execPath, args, {
        env,
        limitMs: suite.limitMinutes * minuteMs,
        onOutput,
      })
      const passed = code === 0
      counts[passed ? 'passed' : 'failed'] += 1
      say(`  ${passed ? '✔' : '✖'} ${name} (${((Date.now() - startedAt) / 1000).toFixed(1)} s)`)
      if (!passed) say(said.trim().replace(/^/gm, '    '))
      if (typeof code === 'string') say(`    ${code}`)
    }
  }
  await Promise.all([worker(), worker()])
  return counts
}

/** Counts as the reporter left them; a runner that died before it could write them is one failure. */
function readCounts(path, code) {
  const counts = existsSync(path)
    ? JSON.parse(readFileSync(path, 'utf8'))
    : { passed: 0, failed: 0, skipped: 0 }
  const { passed, skipped } = counts
  const failed = code === 0 ? counts.failed : Math.max(counts.failed, 1)
  if (typeof code === 'string') say(`  ✖ ${code}`)
  if (passed + failed + skipped > 0) return { passed, failed, skipped }
  say('  ✖ not one test ran')
  return { passed: 0, failed: 1, skipped: 0 }
}

async function runFiles(suite, files, env) {
  const folder = mkdtempSync(join(tmpdir(), 'ipsmgw-test-'))
  const countsPath = join(folder, 'counts.json')
  const args = ['--test', `--test-concurrency=${suite.atOnce}`, '--test-reporter=./scripts/test-reporter.mjs']
  try {
    const code = await run(process.execPath, [...args, '--test-reporter-destination=stdout', ...files], {
      env: { ...env, IPSMGW_TEST_COUNTS: countsPath },
      limitMs: suite.limitMinutes * minuteMs,
    })
    return readCounts(countsPath, code)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Installs what selected test files miss, where this process may; elsewhere the files are skipped later. */
async function bringNeighbours(files) {
  const missing = missingPrograms(files.flatMap((file) => neighboursOf(join(root, file))))
  if (missing.length === 0) return
  const prefix = aptPrefix()
  if (prefix === undefined) return
  say(`Installing neighbours of the tests: ${missing.join(', ')} ...`)
  try {
    await install(missing, prefix, async ([command, ...args], input) => {
      let said = ''
      const onOutput = (chunk) => {
        said += chunk
      }
      const code = await run(command, args, { onOutput, input, limitMs: 15 * minuteMs })
      if (code !== 0)
        throw new Error(
          `${command} ${args.join(' ')}: ${code}\n${said.trim().split('\n').slice(-15).join('\n')}`,
        )
    })
  } catch (error) {
    say(`  could not install: ${error.message}`)
  }
}

/** Programs for which files were skipped. */
const lacking = new Set()

/** Splits files into those whose neighbours are here and, told loudly, those whose are not. */
function splitByNeighbours(files) {
  const ready = []
  let skipped = 0
  for (const file of files) {
    const missing = missingPrograms(neighboursOf(join(root, file)))
    if (missing.length === 0) {
      ready.push(file)
      continue
    }
    skipped += 1
    for (const program of missing) lacking.add(program)
    say(`  - SKIPPED ${file}: needs ${missing.join(', ')}. To run it: ${installLine(missing)}`)
  }
  return { ready, skipped }
}

async function runSuite(suite, files, env) {
  if (suite.files === undefined) return runChecks(suite, env)
  if (files.length === 0) {
    say('  ✖ no test file found')
    return { passed: 0, failed: 1, skipped: 0 }
  }
  const { ready, skipped } = splitByNeighbours(files)
  if (ready.length === 0) return { passed: 0, failed: 0, skipped }
  const counts = await runFiles(suite, ready, env)
  return { ...counts, skipped: counts.skipped + skipped }
}

function help() {
  say(
    'npm test [-- <suite or part of a path> ...]   the suites, or the named ones, or the test files whose path matches',
  )
  say('         -- --list                            suites, their files and neighbours')
  say('')
  for (const suite of suites) say(`  ${suite.name.padEnd(9)} ${suite.about}`)
  say('')
  say(
    'Missing neighbours (SIPp, tshark ...) are installed by root on Debian and by CI; IPSMGW_TEST_INSTALL=0 forbids it.',
  )
  say(
    'Elsewhere the test files that need them are skipped and named. With CI set, whatever is skipped is a failure.',
  )
}

function list(all) {
  for (const suite of suites) {
    say(`${suite.name}: ${suite.about}`)
    if (suite.files === undefined) for (const [name] of checks) say(`  ${name}`)
    for (const file of suite.files === undefined ? [] : all.filter((path) => suite.files.test(path))) {
      const names = neighboursOf(join(root, file))
      const missing = missingPrograms(names)
      const needs =
        names.length === 0
          ? ''
          : `  [${names.join(', ')}${missing.length === 0 ? '' : `; missing: ${missing.join(', ')}`}]`
      say(`  ${file}${needs}`)
    }
  }
}

/** What the arguments ask for: suites with their files, in order. */
function select(args, all) {
  const named = suites.filter((suite) => args.includes(suite.name))
  const parts = args.filter((arg) => !named.some((suite) => suite.name === arg))
  const candidates = named.length > 0 ? named : suites.filter((suite) => !suite.onRequest || parts.length > 0)
  const chosen = candidates.map((suite) => ({
    suite,
    files: all.filter(
      (path) => suite.files?.test(path) && (parts.length === 0 || parts.some((part) => path.includes(part))),
    ),
  }))
  return parts.length === 0 ? chosen : chosen.filter(({ files }) => files.length > 0)
}

function summary(rows) {
  say('\nsuite      passed  failed  skipped  minutes')
  for (const { name, counts, ms } of rows) {
    const cells = [counts.passed, counts.failed, counts.skipped].map((count, column) =>
      String(count).padStart(column === 2 ? 9 : 8),
    )
    say(`${name.padEnd(9)}${cells.join('')}${minutes(ms).padStart(9)}`)
  }
  const sum = (key) => rows.reduce((total, { counts }) => total + counts[key], 0)
  const [passed, failed, skipped] = [sum('passed'), sum('failed'), sum('skipped')]
  const skipCounts = inCi && skipped > 0
  if (lacking.size > 0)
    say(`\nSKIPPED what needs ${[...lacking].join(', ')}. To run it too: ${installLine([...lacking])}`)
  if (skipCounts) say('\nIn CI nothing may be skipped.')
  say(`\n${passed} passed, ${failed} failed, ${skipped} skipped`)
  return failed === 0 && !skipCounts && passed > 0 ? 0 : 1
}

async function main(args) {
  if (args.includes('--help') || args.includes('-h')) return help()
  const all = projectFiles()
  if (args.includes('--list')) return list(all)
  const unknown = args.filter((arg) => arg.startsWith('-'))
  const chosen = select(args, all)
  if (unknown.length > 0 || chosen.length === 0) {
    say(unknown.length > 0 ? `Unknown option ${unknown[0]}.\n` : `Nothing matches '${args.join(' ')}'.\n`)
    help()
    process.exitCode = 2
    return
  }
  const env = { ...scriptEnvironment(root), FORCE_COLOR: '0' }
  env.PATH = searchPath(env)
  await bringNeighbours(chosen.flatMap(({ files }) => files))
  const rows = []
  for (const { suite, files } of chosen) {
    say(`\n${suite.name}: ${suite.about}`)
    const startedAt = Date.now()
    rows.push({ name: suite.name, counts: await runSuite(suite, files, env), ms: Date.now() - startedAt })
  }
  process.exitCode = summary(rows)
}

/** The same command again on the project's own Node, for callers that skipped npm's pre-step. */
async function onProjectNode(args) {
  await ensureReady(root)
  const code = await run('node', [fileURLToPath(import.meta.url), ...args], { env: scriptEnvironment(root) })
  return typeof code === 'number' ? code : 1
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.once(signal, () => {
    stopping = true
    for (const child of running) stop(child)
    say(`\nStopped by ${signal}.`)
    const leave = () => process.exit(signal === 'SIGINT' ? 130 : 143)
    const poll = setInterval(() => running.size === 0 && leave(), 50)
    setTimeout(() => clearInterval(poll) ?? leave(), killAfterMs + 500)
  })
}

try {
  const args = process.argv.slice(2)
  if (Number(process.versions.node.split('.')[0]) >= requiredMajor) await main(args)
  else process.exitCode = await onProjectNode(args)
} catch (error) {
  if (!(error instanceof SetupError)) throw error
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 1
}

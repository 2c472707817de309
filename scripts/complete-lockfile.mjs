// Adds to package-lock.json the optional packages of platforms that the registry in use did not serve when the
// lockfile was made: npm leaves them out silently, and then `npm ci` refuses the lockfile everywhere. Run it after
// `npm install`; with --check it only tells what is missing. Names carry the platform: `<scope>/<tool>-<os>-<cpu>[-musl]`.
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const platformOf =
  /-(android|darwin|freebsd|linux|openbsd|win32)-(arm64|arm|x64|ia32|ppc64|riscv64|loong64)(-musl)?$/

/** The entry that `from` would find for `name`, as node_modules are searched upwards. */
function findEntry(packages, from, name) {
  for (let folder = from; ; folder = folder.slice(0, Math.max(folder.lastIndexOf('/node_modules/'), 0))) {
    const path = `${folder === '' ? '' : `${folder}/`}node_modules/${name}`
    if (Object.hasOwn(packages, path)) return path
    if (folder === '') return undefined
  }
}

/** Dependencies that no entry of the lockfile satisfies: `{ from, name, version, optional }`. */
export function missingEntries(lock) {
  const missing = []
  for (const [from, entry] of Object.entries(lock.packages)) {
    for (const kind of ['dependencies', 'optionalDependencies']) {
      for (const [name, version] of Object.entries(entry[kind] ?? {})) {
        if (findEntry(lock.packages, from, name) !== undefined) continue
        missing.push({ from, name, version, optional: kind === 'optionalDependencies' })
      }
    }
  }
  return missing
}

/** The lockfile with an entry for each missing package of another platform; throws on anything else. */
export function complete(lock) {
  const packages = { ...lock.packages }
  for (const { from, name, version, optional } of missingEntries(lock)) {
    const [, os, cpu, musl] = platformOf.exec(name) ?? []
    if (!optional || os === undefined)
      throw new Error(`${from} needs ${name}, which the lockfile lacks: run npm install`)
    packages[`node_modules/${name}`] = {
      version,
      cpu: [cpu],
      ...(packages[from].dev ? { dev: true } : {}),
      ...(os === 'linux' ? { libc: [musl ? 'musl' : 'glibc'] } : {}),
      optional: true,
      os: [os],
    }
  }
  const paths = Object.keys(packages).sort((a, b) => a.localeCompare(b, 'en'))
  return { ...lock, packages: Object.fromEntries(paths.map((path) => [path, packages[path]])) }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const path = join(dirname(dirname(fileURLToPath(import.meta.url))), 'package-lock.json')
  const lock = JSON.parse(readFileSync(path, 'utf8'))
  const missing = missingEntries(lock)
  if (process.argv.includes('--check')) {
    for (const { from, name } of missing)
      console.error(
        `package-lock.json lacks ${name}, wanted by ${from}: run node scripts/complete-lockfile.mjs`,
      )
    process.exitCode = missing.length === 0 ? 0 : 1
  } else if (missing.length > 0) {
    writeFileSync(path, `${JSON.stringify(complete(lock), null, 2)}\n`)
    console.log(`added ${missing.map(({ name }) => name).join(', ')}`)
  }
}

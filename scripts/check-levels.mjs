// Holds every package to its level: who may import whom, that each import is declared and each declared package
// imported, and that nobody reaches into the inside of another package. Reads package.json files and the import
// statements themselves. The levels are explained in docs/architecture.md.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

/** Libraries from the lowest to the highest: each imports only from those before it. */
export const libraryOrder = [
  ['foundations', ['bytes', 'config', 'telemetry', 'runtime']],
  ['protocols', ['sip', 'msrp', 'im', 'sms', 'sctp', 'diameter', 'm3ua', 'sccp', 'tcap', 'map', 'sigtran']],
  ['domain', ['events', 'causes', 'numbering', 'policy']],
  ['bus', ['bus']],
]

const scope = '@ipsmgw/'
const order = libraryOrder.flatMap(([, names]) => names)
/** Services that may import services: one runs them all, one runs their pure parts to show what they would do. */
const composers = ['standalone', 'cli']

const sourceFile = /\.(ts|mts|mjs|js)$/
const testFile = /(\.test\.(ts|mjs)$)|(\/test\/)|(\.fixture\.ts$)|(\/testing\/)/
/** Commands of a package start on any Node, so they may need the set-up in `scripts`. */
const commandFile = /^services\/[^/]+\/bin\//
const posix = (path) => path.split(sep).join('/')

/** `@scope/name/inner` as `['@scope/name', './inner']`. */
export function splitSpecifier(specifier) {
  const parts = specifier.split('/')
  const count = specifier.startsWith('@') ? 2 : 1
  const inner = parts.slice(count).join('/')
  return [parts.slice(0, count).join('/'), inner === '' ? '.' : `./${inner}`]
}

const isBuiltin = (specifier) =>
  specifier.startsWith('node:') || builtinModules.includes(specifier.split('/')[0])

/** Import statements of a source text, dynamic and type-only ones included: `{ specifier, line }`. */
export function importsOf(text) {
  const lineStarts = [0]
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) lineStarts.push(at + 1)
  return ts.preProcessFile(text, true, true).importedFiles.map(({ fileName, pos }) => ({
    specifier: fileName,
    line: lineStarts.findLastIndex((start) => start <= pos) + 1,
  }))
}

function filesUnder(folder) {
  const found = []
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.name === 'node_modules' || entry.name.startsWith('.')) continue
    const path = join(folder, entry.name)
    if (entry.isDirectory()) found.push(...filesUnder(path))
    else if (sourceFile.test(entry.name)) found.push(path)
  }
  return found
}

/** Reads all packages below `root`: kind (lib, service, test), declarations and import statements. */
export function readPackages(root) {
  const read = (folder, kind) => {
    const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
    const files = filesUnder(folder).map((path) => ({
      path: posix(relative(root, path)),
      imports: importsOf(readFileSync(path, 'utf8')),
    }))
    return { kind, folder: posix(relative(root, folder)), manifest, files }
  }
  const children = (name) =>
    existsSync(join(root, name))
      ? readdirSync(join(root, name))
          .map((it) => join(root, name, it))
          .filter((it) => existsSync(join(it, 'package.json')))
      : []
  const packages = children('libs').map((folder) => read(folder, 'lib'))
  packages.push(...children('services').map((folder) => read(folder, 'service')))
  if (existsSync(join(root, 'test', 'package.json'))) packages.push(read(join(root, 'test'), 'test'))
  return packages
}

const shortName = (pkg) => pkg.manifest.name.slice(scope.length)

/** Why `from` may not import `to`, or undefined. */
export function forbidden(from, to) {
  if (from === to || from.kind === 'test') return undefined
  if (to.kind === 'test') return 'nothing imports the test package: move what is needed into a library'
  if (to.kind === 'service') {
    if (from.kind === 'service' && composers.includes(shortName(from))) return undefined
    const who =
      from.kind === 'lib' ? 'a library never imports a service' : 'a service never imports a service'
    return `${who}: they meet through topics; move what both need into a library`
  }
  if (from.kind === 'service') return undefined
  const [own, other] = [order.indexOf(shortName(from)), order.indexOf(shortName(to))]
  if (own === -1 || other === -1 || other < own) return undefined
  return `${shortName(to)} stands above ${shortName(from)}: pass it in as a function or value, or move the code up`
}

/** Declared packages of a manifest, with the kind of declaration. */
const declared = (manifest, keys) => new Set(keys.flatMap((key) => Object.keys(manifest[key] ?? {})))

function checkRelative(pkg, file, { specifier, line }, root, report) {
  const target = posix(relative(root, resolve(root, dirname(file.path), specifier)))
  if (target.startsWith(`${pkg.folder}/`)) return
  const isTest = testFile.test(file.path) || pkg.kind === 'test'
  if (isTest && target.startsWith('test/vectors/')) return
  if ((isTest || commandFile.test(file.path)) && target.startsWith('scripts/')) return
  report(`${file.path}:${line}`, `'${specifier}' leaves the package`, `import the other package by its name`)
}

function checkExternal(context, pkg, file, { specifier, line }) {
  const { report, byName, rootTools } = context
  const [name, inner] = splitSpecifier(specifier)
  const at = `${file.path}:${line}`
  const isTest = testFile.test(file.path) || pkg.kind === 'test'
  const allowed = declared(
    pkg.manifest,
    isTest
      ? ['dependencies', 'optionalDependencies', 'devDependencies']
      : ['dependencies', 'optionalDependencies'],
  )
  const isSelf = name === pkg.manifest.name
  if (!isSelf && !allowed.has(name) && !(isTest && rootTools.has(name))) {
    const where = isTest ? 'dependencies or devDependencies' : 'dependencies'
    report(at, `'${name}' is imported but not declared`, `add it to ${where} of ${pkg.folder}/package.json`)
  }
  const target = byName.get(name)
  if (target === undefined) {
    if (name.startsWith(scope)) report(at, `there is no package '${name}'`, 'correct the name')
    return
  }
  const entries = target.manifest.exports ?? {}
  if (!Object.hasOwn(entries, inner)) {
    const offers = Object.keys(entries)
      .map((key) => name + key.slice(1))
      .join(', ')
    report(at, `'${specifier}' reaches into a package`, `import ${offers}, and export there what you need`)
  }
  const why = forbidden(pkg, target)
  if (why !== undefined) report(at, `${pkg.folder} may not import '${name}'`, why)
}

/** Declarations that no import uses, or that break a level although no file uses them yet. */
function checkDeclarations({ report, byName }, pkg) {
  const used = new Set(
    pkg.files.flatMap((file) => file.imports.map(({ specifier }) => splitSpecifier(specifier)[0])),
  )
  const at = `${pkg.folder}/package.json`
  for (const name of declared(pkg.manifest, ['dependencies', 'devDependencies', 'optionalDependencies'])) {
    const target = byName.get(name)
    const why = target && forbidden(pkg, target)
    if (why !== undefined) report(at, `${pkg.folder} may not declare '${name}'`, why)
    else if (!used.has(name) && !name.startsWith('@types/'))
      report(at, `'${name}' is declared but never imported`, 'remove it')
    const version = pkg.manifest.dependencies?.[name]
    if (target !== undefined && version !== undefined && version !== target.manifest.version) {
      report(
        at,
        `'${name}' is asked for as ${version}`,
        `the workspace has ${target.manifest.version}: say so`,
      )
    }
  }
}

/** One report per cycle among packages, by their import statements outside tests. */
function checkCycles({ report, byName }, packages) {
  const edges = new Map()
  for (const pkg of packages) {
    const files = pkg.files.filter((file) => !testFile.test(file.path))
    const names = files.flatMap((file) => file.imports.map(({ specifier }) => splitSpecifier(specifier)[0]))
    edges.set(
      pkg,
      new Set(names.map((name) => byName.get(name)).filter((it) => it !== undefined && it !== pkg)),
    )
  }
  const done = new Set()
  const visit = (pkg, path) => {
    const start = path.indexOf(pkg)
    if (start !== -1) {
      const ring = [...path.slice(start), pkg].map((it) => it.manifest.name).join(' -> ')
      report(
        `${pkg.folder}/package.json`,
        `packages import each other: ${ring}`,
        'move the shared part below both',
      )
      return
    }
    if (done.has(pkg)) return
    for (const next of edges.get(pkg)) visit(next, [...path, pkg])
    done.add(pkg)
  }
  for (const pkg of packages) visit(pkg, [])
}

/** All problems of the packages below `root`, as lines that name file, line and cure. */
export function findProblems(root, packages = readPackages(root)) {
  const problems = []
  const report = (at, what, cure) => problems.push(`${at}: ${what}; ${cure}`)
  const byName = new Map(packages.map((pkg) => [pkg.manifest.name, pkg]))
  const rootManifest = existsSync(join(root, 'package.json'))
    ? JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
    : {}
  const context = { report, byName, rootTools: declared(rootManifest, ['devDependencies']) }
  for (const pkg of packages) {
    const folderName = pkg.folder.split('/').at(-1)
    if (pkg.manifest.name !== scope + folderName) {
      report(
        `${pkg.folder}/package.json`,
        `the name '${pkg.manifest.name}' differs from the folder`,
        `call it ${scope}${folderName}`,
      )
    }
    if (pkg.kind === 'lib' && !order.includes(folderName)) {
      report(
        `${pkg.folder}/package.json`,
        'this library has no level',
        'give it a place in libraryOrder of scripts/check-levels.mjs',
      )
    }
    for (const file of pkg.files) {
      for (const found of file.imports) {
        if (found.specifier.startsWith('.')) checkRelative(pkg, file, found, root, report)
        else if (!isBuiltin(found.specifier)) checkExternal(context, pkg, file, found)
      }
    }
    checkDeclarations(context, pkg)
  }
  checkCycles(context, packages)
  return problems
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = dirname(dirname(fileURLToPath(import.meta.url)))
  const packages = readPackages(root)
  const problems = findProblems(root, packages)
  for (const problem of problems) console.error(problem)
  const files = packages.reduce((sum, pkg) => sum + pkg.files.length, 0)
  if (problems.length > 0) {
    console.error(`\n${problems.length} problems in ${files} files of ${packages.length} packages`)
    process.exitCode = 1
  } else console.log(`import levels hold in ${files} files of ${packages.length} packages`)
}

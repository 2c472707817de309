// Sorts out what each image holds: the service's package, the workspace packages and npm packages that it reaches
// through the lockfile, and its bill of materials. Workspace links stay links, since Node runs TypeScript from
// source only outside node_modules. Usage, in the build stage: node scripts/image-files.mjs OUT
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bill, debianComponent, npmComponent } from './sbom.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))

/** Images and the packages that they start. `parts` narrows a package down to some of its folders. */
export const images = {
  'sip-ingress': { packages: ['services/sip-ingress'] },
  'im-to-sms': { packages: ['services/im-to-sms'] },
  'hss-routing': { packages: ['services/hss-routing'] },
  'sm-delivery': { packages: ['services/sm-delivery'] },
  correlation: { packages: ['services/correlation'] },
  records: { packages: ['services/records'] },
  cli: { packages: ['services/cli'] },
  standalone: { packages: ['services/standalone'] },
  lab: { packages: ['test', 'services/cli'] },
}

/** Debian packages whose files image-root.mjs takes. */
const debianPackages = ['libc6', 'libstdc++6', 'libgcc-s1', 'tini', 'ca-certificates']

/** Where `name`, wanted by the package at `from`, is in the lockfile: the nearest node_modules upwards. */
export function resolve(lock, from, name) {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/')))) {
    const path = `${folder === '' ? '' : `${folder}/`}node_modules/${name}`
    if (lock.packages[path] !== undefined) return path
    if (folder === '') return undefined
  }
}

/** Lockfile paths that the packages at `starts` reach without development dependencies, starts included. */
export function closure(lock, starts) {
  const seen = new Set()
  const waiting = [...starts]
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (seen.has(path)) continue
    seen.add(path)
    const entry = lock.packages[path]
    if (entry.link) {
      waiting.push(entry.resolved)
      continue
    }
    for (const name of Object.keys({ ...entry.dependencies, ...entry.optionalDependencies })) {
      const found = resolve(lock, path, name)
      if (found !== undefined) waiting.push(found)
      else if (entry.optionalDependencies?.[name] === undefined)
        throw new Error(`${path} wants ${name}, which the lockfile does not have`)
    }
  }
  return [...seen].sort()
}

const isOurs = (path) => !path.includes('node_modules/')

/** Neither tests nor what only people and compilers read. Licence texts stay. */
const unneeded = /(\.test\.ts|\.fixture\.ts|\.d\.[cm]?ts|\.map|\.md|\.markdown)$|\/(node_modules|testing)$/

function copyPackage(path, out) {
  const from = join(root, path)
  cpSync(from, join(out, path), {
    recursive: true,
    verbatimSymlinks: true,
    filter: (source) => source === from || !unneeded.test(source),
  })
}

function copyLink(path, target, out) {
  const link = join(out, path)
  mkdirSync(dirname(link), { recursive: true })
  symlinkSync(relative(dirname(link), join(out, target)), link)
}

function installedDebian() {
  const format = '$' + '{Package} $' + '{Version} $' + '{Architecture}\n'
  const { stdout, status } = spawnSync('dpkg-query', ['-W', '-f', format, ...debianPackages], {
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`dpkg-query knows not all of ${debianPackages.join(', ')}`)
  return stdout
    .trim()
    .split('\n')
    .map((line) => line.split(' '))
    .map(([name, version, architecture]) => debianComponent({ name, version, architecture }))
}

/** The Node binary's package on this machine. */
export const nodePackage = `node-linux-${process.arch}`

function makeImage(name, lock, debian, out) {
  const paths = closure(lock, images[name].packages).filter((path) => existsSync(join(root, path)))
  for (const path of paths) {
    const entry = lock.packages[path]
    if (entry.link) copyLink(path, entry.resolved, out)
    else copyPackage(path, out)
  }
  const npm = [
    ...paths.filter((path) => !isOurs(path) && !lock.packages[path].link),
    `node_modules/${nodePackage}`,
  ]
  const components = npm.map((path) =>
    npmComponent({ name: path.slice(path.lastIndexOf('node_modules/') + 13), ...lock.packages[path] }),
  )
  const { version } = lock
  cpSync(join(root, 'package.json'), join(out, 'package.json'))
  cpSync(join(root, 'LICENSE'), join(out, 'LICENSE'))
  writeFileSync(join(out, 'sbom.cdx.json'), JSON.stringify(bill(name, version, [...components, ...debian])))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const out = process.argv[2]
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))
  const debian = installedDebian()
  for (const name of Object.keys(images)) makeImage(name, lock, debian, join(out, name))
}

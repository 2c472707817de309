// The programs of others that test suites talk to, and how they get onto a machine. A test file names what it
// needs in a comment line near its top: `// neighbours: sipp, tshark`.
import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync, readdirSync, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Debian packages per program. The list is the only place that names them. */
const packagesOf = {
  sipp: ['sip-tester'],
  kamailio: ['kamailio'],
  'kamailio-tls': ['kamailio', 'kamailio-tls-modules'],
  tshark: ['tshark'],
  capture: ['tshark'],
  java: ['openjdk-17-jre-headless'],
  mvn: ['maven'],
  'osmo-stp': ['osmo-stp'],
  'linux.uml': ['user-mode-linux', 'kmod', 'iproute2', 'procps'],
  freeDiameterd: ['freediameter', 'freediameter-extensions'],
  'packet-filter': ['iptables', 'iproute2', 'util-linux'],
  buildah: ['buildah'],
  podman: ['podman', 'runc', 'conmon', 'containernetworking-plugins'],
  'podman-compose': ['podman-compose'],
  'docker-compose': ['docker-compose'],
  debootstrap: ['debootstrap'],
  go: ['golang-go'],
  prometheus: ['prometheus'],
  promtool: ['prometheus'],
}

const systemFolders = ['/usr/local/sbin', '/usr/sbin', '/sbin']

/** PATH with the folders where Debian keeps daemons, which an ordinary user's PATH leaves out. */
export const searchPath = (env = process.env) =>
  process.platform === 'win32' ? env.PATH : [env.PATH, ...systemFolders].join(delimiter)

const isExecutable = (path) => {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

const onPath = (program) =>
  searchPath()
    .split(delimiter)
    .some((folder) => isExecutable(join(folder, program)))

/** Whether this user may capture on the loopback interface. */
const mayCapture = () =>
  onPath('dumpcap') &&
  spawnSync('dumpcap', ['-i', 'lo', '-L'], { stdio: 'ignore', env: { ...process.env, PATH: searchPath() } })
    .status === 0

/** Whether this user may drop packets, in a network of its own. */
const mayFilter = () =>
  ['unshare', 'ip', 'iptables'].every(onPath) &&
  spawnSync('unshare', ['-r', '-n', 'iptables', '-L', '-n'], {
    stdio: 'ignore',
    env: { ...process.env, PATH: searchPath() },
  }).status === 0

/** Modules lie in a folder per architecture. */
const hasTlsModule = () =>
  onPath('kamailio') &&
  existsSync('/usr/lib') &&
  readdirSync('/usr/lib').some((name) => existsSync(join('/usr/lib', name, 'kamailio/modules/tls.so')))

const isHere = (program) => {
  if (program === 'capture') return mayCapture()
  if (program === 'packet-filter') return mayFilter()
  return program === 'kamailio-tls' ? hasTlsModule() : onPath(program)
}

/** Lets an ordinary user capture. */
const captureRight = ['setcap', 'cap_net_raw,cap_net_admin+ep', '/usr/bin/dumpcap']

/** A reachable broker or a container engine makes Java and Maven needless for `kafka`. */
function programsOf(name, env = process.env) {
  if (name === 'none') return []
  if (name !== 'kafka') return [name]
  if (env.KAFKA_BROKERS) return []
  if (onPath('docker') && spawnSync('docker', ['info'], { stdio: 'ignore' }).status === 0) return []
  return ['java', 'mvn']
}

const declaration = /^\/\/ neighbours: *(.+)$/m

/** Names in the `// neighbours:` line of a test file; throws on a name that is not in the table. */
export function neighboursOf(path) {
  const names = (declaration.exec(readFileSync(path, 'utf8').slice(0, 4_000))?.[1] ?? '')
    .split(/[,\s]+/)
    .filter(Boolean)
  for (const name of names) {
    if (name === 'kafka' || name === 'none' || Object.hasOwn(packagesOf, name)) continue
    throw new Error(
      `${path}: unknown neighbour '${name}'; known: kafka, ${Object.keys(packagesOf).join(', ')}`,
    )
  }
  return names
}

/** Programs of these neighbours that are not on this machine. */
export const missingPrograms = (names) =>
  [...new Set(names.flatMap((name) => programsOf(name)))].filter((it) => !isHere(it))

export const debianPackages = (programs) => [
  ...new Set(programs.flatMap((program) => packagesOf[program] ?? [])),
]

/** The one line for a user who may not install, or whose machine is no Debian. */
export const installLine = (programs) =>
  `sudo apt-get install --no-install-recommends ${debianPackages(programs).join(' ')}` +
  (programs.includes('capture') ? ` && sudo ${captureRight.join(' ')}` : '')

/** How to become root for apt: no prefix as root, `sudo -n` in CI, otherwise not at all. */
export function aptPrefix(env = process.env) {
  if (env.IPSMGW_TEST_INSTALL === '0' || !existsSync('/etc/debian_version') || !onPath('apt-get'))
    return undefined
  if (process.getuid?.() === 0) return []
  const mayUseSudo = Boolean(env.CI) && spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status === 0
  return mayUseSudo ? ['sudo', '-n'] : undefined
}

/** Calls `run([...command], input?)` for each step of the installation; packages start no daemon meanwhile. */
export async function install(programs, prefix, run) {
  const apt = [
    ...prefix,
    'env',
    'DEBIAN_FRONTEND=noninteractive',
    'apt-get',
    '-q',
    '-y',
    '-o',
    'Dpkg::Use-Pty=0',
  ]
  const policy = '/usr/sbin/policy-rc.d'
  const ownPolicy = !existsSync(policy)
  if (ownPolicy) {
    await run([...prefix, 'tee', policy], '#!/bin/sh\nexit 101\n')
    await run([...prefix, 'chmod', '755', policy])
  }
  try {
    await run([...apt, 'update'])
    if (programs.includes('tshark')) {
      await run(
        [...prefix, 'debconf-set-selections'],
        'wireshark-common wireshark-common/install-setuid boolean false\n',
      )
    }
    await run([...apt, 'install', '--no-install-recommends', ...debianPackages(programs)])
    if (programs.includes('capture') && prefix.length > 0) await run([...prefix, ...captureRight])
  } finally {
    if (ownPolicy) await run([...prefix, 'rm', '-f', policy])
  }
}

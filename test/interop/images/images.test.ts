// Builds every image of the Containerfile and runs it as a cluster would: no root, no capability, nothing to write
// to, little memory. About 5 minutes, 2 of them once per machine.
// neighbours: buildah, podman, debootstrap, kafka
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { type RunningKafka, startKafka } from '../../../scripts/kafka.ts'
import { freePort } from '../../support/processes.ts'
import { Engine } from './engine.ts'

const LARGEST_OCTETS = 200e6
const MEMORY_MEGABYTES = 192
const labels = { version: '0.0.0-test', revision: '0123456789abcdef0123456789abcdef01234567' }

/** What a cluster's restricted profile and the chart take away. */
const restricted = [
  ...['--read-only', '--cap-drop', 'all', '--security-opt', 'no-new-privileges', '--pids-limit', '64'],
  ...['--memory', `${MEMORY_MEGABYTES}m`, '--memory-swap', `${MEMORY_MEGABYTES}m`, '--network', 'host'],
]

const diameter = {
  IPSMGW_DIAMETER_ORIGIN_HOST: 'gateway.lab.invalid',
  IPSMGW_DIAMETER_ORIGIN_REALM: 'lab.invalid',
}
const serviceCentre = { IPSMGW_ROUTING_SERVICE_CENTRE: '882990000000' }
const routing = { ...serviceCentre, IPSMGW_ROUTING_HSS_REALM: 'lab.invalid' }

interface Runs {
  readonly environment: Readonly<Record<string, string>>
  /** Parts that are not ready here, for lack of a neighbour. */
  readonly waits?: readonly string[]
  /** Variables that get a free port each. */
  readonly ports?: readonly string[]
  /** A folder that it may write to, in memory. */
  readonly scratch?: string
}

/** Images that are services, with the settings they need besides Kafka. */
const services: Readonly<Record<string, Runs>> = {
  'sip-ingress': { environment: {}, ports: ['IPSMGW_SIP_PORT'] },
  'im-to-sms': { environment: {} },
  'hss-routing': { environment: { ...diameter, ...routing }, waits: ['diameter'] },
  'sm-delivery': { environment: { ...diameter, ...serviceCentre }, waits: ['diameter'] },
  correlation: { environment: {} },
  records: { environment: {} },
  standalone: {
    environment: { ...diameter, ...routing, IPSMGW_JOURNAL_DIRECTORY: '/journal' },
    waits: ['diameter'],
    ports: ['IPSMGW_SIP_PORT'],
    scratch: '/journal',
  },
  lab: {
    environment: {},
    ports: ['IPSMGW_LAB_HSS_PORT', 'IPSMGW_LAB_MME_PORT', 'IPSMGW_LAB_SGSN_PORT'],
  },
}

/** Runs inside an image and tells what is there. */
const inside = `
const fs = require('node:fs')
const attempt = (work) => { try { work(); return 'done' } catch (error) { return error.code } }
const status = fs.readFileSync('/proc/self/status', 'utf8')
const limit = ['/sys/fs/cgroup/memory/memory.limit_in_bytes', '/sys/fs/cgroup/memory.max'].find(fs.existsSync)
console.log(JSON.stringify({
  uid: process.getuid(), gid: process.getgid(), node: process.versions.node,
  capabilities: /CapEff:\\s*(\\S+)/.exec(status)[1], noNewPrivileges: /NoNewPrivs:\\s*(\\d)/.exec(status)[1],
  write: attempt(() => fs.writeFileSync('/app/x', '')),
  memory: Number(fs.readFileSync(limit, 'utf8')),
  tools: ['/bin/sh', '/usr/bin/sh', '/usr/bin/apt', '/usr/bin/npm', '/app/node_modules/typescript'].filter(fs.existsSync),
  tests: fs.globSync('/app/**/*.test.ts').length,
  workspace: fs.lstatSync('/app/node_modules/@ipsmgw/config').isSymbolicLink(),
  bill: JSON.parse(fs.readFileSync('/app/sbom.cdx.json', 'utf8')),
}))`

interface Inside {
  readonly uid: number
  readonly gid: number
  readonly node: string
  readonly capabilities: string
  readonly noNewPrivileges: string
  readonly write: string
  readonly memory: number
  readonly tools: readonly string[]
  readonly tests: number
  readonly workspace: boolean
  readonly bill: { readonly bomFormat: string; readonly components: readonly { readonly purl: string }[] }
}

interface Readiness {
  readonly parts: Readonly<Record<string, string>>
}

async function until<T>(what: string, look: () => Promise<T | undefined>, limitMs = 40_000): Promise<T> {
  const giveUpAt = Date.now() + limitMs
  for (;;) {
    const found = await look().catch(() => undefined)
    if (found !== undefined) return found
    if (Date.now() > giveUpAt) throw new Error(`${what}: not within ${limitMs} ms`)
    await delay(100)
  }
}

describe('container images', () => {
  const engine = new Engine()
  let kafka: RunningKafka

  before(async () => {
    kafka = await startKafka({})
  })
  after(async () => {
    await kafka?.stop()
    engine.close()
  })

  for (const [service, { environment, waits = [], ports = [], scratch }] of Object.entries(services)) {
    describe(service, () => {
      let image = ''

      test('builds below 200 MB, with labels that depend on nothing but version and revision', async (t) => {
        image = await engine.build(service, labels)
        const [about] = JSON.parse(await engine.run('podman', ['image', 'inspect', image]))
        t.diagnostic(`${service}: ${(about.Size / 1e6).toFixed(0)} MB`)
        assert.ok(about.Size < LARGEST_OCTETS, `${about.Size} octets`)
        assert.equal(about.Config.User, '65532:65532')
        assert.deepEqual(about.Config.Entrypoint.slice(0, 3), ['/usr/bin/tini', '--', '/usr/bin/node'])
        const { Labels } = about.Config
        const named = Object.entries(Labels).filter(([key]) => key.startsWith('org.opencontainers.image.'))
        assert.deepEqual(Object.fromEntries(named), {
          'org.opencontainers.image.licenses': 'Apache-2.0',
          'org.opencontainers.image.revision': labels.revision,
          'org.opencontainers.image.title': `ipsmgw ${service}`,
          'org.opencontainers.image.vendor': 'ipsmgw',
          'org.opencontainers.image.version': labels.version,
        })
        assert.equal(about.Created, '1970-01-01T00:00:00Z')
      })

      test('holds no shell, no tools and no tests, has no rights, and names its contents', async () => {
        const args = ['run', '--rm', ...restricted, '--entrypoint', '/usr/bin/node', image, '-e', inside]
        const found = JSON.parse(await engine.run('podman', args)) as Inside
        assert.deepEqual(
          [found.uid, found.gid, Number.parseInt(found.capabilities, 16), found.noNewPrivileges],
          [65532, 65532, 0, '1'],
        )
        assert.equal(found.write, 'EROFS')
        assert.equal(found.memory, MEMORY_MEGABYTES * 1024 * 1024)
        assert.deepEqual(found.tools, [])
        assert.equal(found.tests, 0)
        assert.ok(found.workspace, 'workspace packages are links, or Node would not run their source')
        assert.equal(found.bill.bomFormat, 'CycloneDX')
        const purls = found.bill.components.map(({ purl }) => purl)
        assert.ok(purls.some((purl) => purl === `pkg:npm/node-linux-${process.arch}@${found.node}`))
        assert.ok(purls.some((purl) => purl.startsWith('pkg:deb/debian/libc6@')))
        assert.ok(!purls.some((purl) => /typescript|biome|eslint/.test(purl)), purls.join())
      })

      test('becomes healthy under these limits, and on SIGTERM drains and exits 0', async (t) => {
        const http = await freePort()
        const free = await Promise.all(ports.map(async (name) => [name, String(await freePort())] as const))
        const settings = {
          IPSMGW_KAFKA_BROKERS: JSON.stringify(kafka.brokers.split(',')),
          IPSMGW_KAFKA_PREFIX: 'images.',
          IPSMGW_KAFKA_CREATE_TOPICS: 'true',
          IPSMGW_KAFKA_REPLICATION_FACTOR: '1',
          IPSMGW_HTTP_PORT: String(http),
          ...Object.fromEntries(free),
          ...environment,
        }
        const variables = Object.entries(settings).flatMap(([name, value]) => ['--env', `${name}=${value}`])
        const memory = scratch === undefined ? [] : ['--tmpfs', `${scratch}:rw,size=16m,mode=1777`]
        const id = await engine.run('podman', [
          'run',
          '--detach',
          ...restricted,
          ...memory,
          ...variables,
          image,
        ])
        t.after(() => engine.try('podman', ['rm', '--force', id]))
        const get = async (path: string) => fetch(`http://127.0.0.1:${http}${path}`)
        try {
          await until('alive', async () => ((await get('/livez')).ok ? true : undefined))
          await until('ready', async () => {
            const { parts } = (await (await get('/readyz')).json()) as Readiness
            const open = Object.entries(parts).filter(
              ([name, state]) => state !== 'ok' && !waits.includes(name),
            )
            return open.length === 0 ? true : undefined
          })
        } catch (error) {
          throw new Error(`${await engine.run('podman', ['logs', id])}`, { cause: error })
        }
        const stoppedAt = Date.now()
        await engine.run('podman', ['stop', '--time', '40', id])
        const [{ State }] = JSON.parse(await engine.run('podman', ['inspect', id]))
        const logs = await engine.run('podman', ['logs', id])
        t.diagnostic(`${service}: drained in ${Date.now() - stoppedAt} ms`)
        assert.equal(State.ExitCode, 0, logs)
        assert.match(logs, /"msg":"stopped"/)
      })
    })
  }

  test('cli: runs a command and tells how it went by its exit code', async () => {
    const image = await engine.build('cli', labels)
    const { code, output } = await engine.try('podman', ['run', '--rm', ...restricted, image, '--help'])
    assert.equal(code, 0, output)
    assert.match(output, /ipsmgw COMMAND/)
    assert.equal((await engine.try('podman', ['run', '--rm', ...restricted, image, 'nonsense'])).code, 2)
  })
})

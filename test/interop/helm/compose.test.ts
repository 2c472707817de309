// compose.yaml without an engine: read by Docker's own parser, targets and files that exist, settings that the services
// know. Seconds.
// neighbours: docker-compose
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { parse } from 'yaml'
import { ROOT, startSource } from '../../support/processes.ts'

interface ComposeService {
  readonly image?: string
  readonly build?: { readonly target: string }
  readonly environment?: Readonly<Record<string, string>>
  readonly volumes?: readonly string[]
  readonly depends_on?: Readonly<Record<string, object>>
}

const text = readFileSync(join(ROOT, 'compose.yaml'), 'utf8')
const { services } = parse(text, { merge: true, maxAliasCount: 1_000 }) as {
  services: Readonly<Record<string, ComposeService>>
}
const targets = [...readFileSync(join(ROOT, 'Containerfile'), 'utf8').matchAll(/^FROM \S+ AS (\S+)$/gm)].map(
  ([, name]) => name,
)

describe('compose.yaml', () => {
  test("Docker's parser accepts it", () => {
    const { status, stderr } = spawnSync('docker-compose', ['config', '--quiet'], {
      cwd: ROOT,
      encoding: 'utf8',
    })
    assert.equal(status, 0, stderr)
  })

  test('builds targets of the Containerfile, pins the versions of all other images', () => {
    for (const [name, { build, image }] of Object.entries(services)) {
      if (build !== undefined) assert.ok(targets.includes(build.target), `${name}: ${build.target}`)
      else assert.match(image ?? '', /:v?\d+\.\d+/, name)
    }
  })

  test('depends on services that exist, and Prometheus scrapes those', () => {
    for (const { depends_on } of Object.values(services))
      for (const name of Object.keys(depends_on ?? {})) assert.ok(services[name], name)
    const prometheus = readFileSync(join(ROOT, 'scripts/compose/prometheus.yaml'), 'utf8')
    const scraped = [...prometheus.matchAll(/- ([a-z-]+):8080$/gm)].map(([, name]) => name ?? '')
    assert.equal(scraped.length, 6)
    for (const name of scraped) assert.ok(services[name], name)
  })

  test('mounts files that are in the repository', () => {
    const mounted = Object.values(services).flatMap(({ volumes = [] }) => volumes)
    const files = mounted.flatMap((it) => (it.startsWith('./') ? (it.split(':')[0] ?? '') : []))
    assert.equal(files.length, 5)
    for (const file of files) assert.ok(existsSync(join(ROOT, file)), file)
  })

  for (const name of ['sip-ingress', 'im-to-sms', 'hss-routing', 'sm-delivery', 'correlation', 'records'])
    test(`${name} accepts its settings`, async () => {
      const { IPSMGW_KEYS_HASH_FILE: _, ...environment } = services[name]?.environment ?? {}
      const checked = await startSource(`services/${name}/src/main.ts`, ['--check-config'], { environment })
      assert.equal(await checked.ended, 0, checked.output())
    })
})

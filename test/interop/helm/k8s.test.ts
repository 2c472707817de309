// The objects outside of the chart: decoded strictly, made from the code, and fitting the chart. Seconds.
// neighbours: go
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { TOPICS } from '@ipsmgw/events'
import { ROOT } from '../../support/processes.ts'
import { documents, EXAMPLES, gate, type Manifest, render } from './chart.ts'

const folder = join(ROOT, 'k8s')
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
  name.endsWith('.yaml'),
)
const read = (name: string) => readFileSync(join(folder, name), 'utf8')
const users = () => documents(read('kafka/users.yaml'))

interface Rule {
  readonly resource: { readonly type: string; readonly name: string; readonly patternType: string }
  readonly operations: readonly string[]
}

const rulesOf = (user: Manifest | undefined): Rule[] => user?.spec.authorization.acls

describe('objects outside of the chart', () => {
  for (const file of files)
    test(`${file}: each document decodes strictly`, () => {
      const { code, output } = gate(read(file))
      assert.equal(code, 0, output)
    })

  test('topics and users are what the code says', () => {
    const args = ['scripts/kafka-objects.ts', '--check']
    const { status, stderr } = spawnSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' })
    assert.equal(status, 0, stderr)
  })

  test('every topic has three replicas, two in sync and no unclean election', () => {
    const topics = documents(read('kafka/topics.yaml'))
    assert.deepEqual(
      topics.map((it) => it.metadata.name).sort(),
      TOPICS.map(({ name }) => `ipsmgw.${name}`).sort(),
    )
    for (const { spec } of topics) {
      assert.equal(spec.replicas, 3)
      assert.equal(spec.config['min.insync.replicas'], 2)
      assert.equal(spec.config['unclean.leader.election.enable'], false)
    }
  })

  test('no user may write or read by prefix, and only sm-delivery reads what is to be forwarded', () => {
    for (const user of users())
      for (const { resource, operations } of rulesOf(user))
        if (resource.type === 'topic' && resource.patternType === 'prefix')
          assert.ok(
            operations.every((it) => it.startsWith('Describe')),
            user.metadata.name,
          )
    const readers = users().filter((user) =>
      rulesOf(user).some(
        ({ resource, operations }) => resource.name === 'ipsmgw.sm.routed' && operations.includes('Read'),
      ),
    )
    assert.deepEqual(
      readers.map((it) => it.metadata.name),
      ['ipsmgw-sm-delivery'],
    )
  })

  test("the chart's components sign on as users that exist, with certificates of a cluster that exists", () => {
    const names = new Set(users().map((it) => it.metadata.name))
    const volumes = documents(render(EXAMPLES.carrier ?? []))
      .flatMap((it) => it.spec?.template?.spec?.volumes ?? [])
      .filter((volume: { secret?: object }) => volume.secret !== undefined)
    const secrets = (name: string): string[] =>
      volumes.filter((it: { name: string }) => it.name === name).map((it) => it.secret.secretName)
    for (const secret of secrets('kafka-user')) assert.ok(names.has(secret), secret)
    const [cluster] = documents(read('kafka/cluster.yaml')).filter((it) => it.kind === 'Kafka')
    assert.deepEqual([...new Set(secrets('kafka-ca'))], [`${cluster?.metadata.name}-cluster-ca-cert`])
  })
})

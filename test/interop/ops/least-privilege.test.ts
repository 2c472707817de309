// Each service with the rights that k8s/kafka/users.yaml gives its user and not one more, before brokers that refuse
// everything else: enough to deliver, and nothing to spare where it would matter. About half a minute.
// neighbours: kafka, java, mvn, sipp
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type KafkaSettings, manageTopics } from '@ipsmgw/bus'
import { TOPICS } from '@ipsmgw/events'
import kafkajs from 'kafkajs'
import { parseAllDocuments } from 'yaml'
import { type RunningKafka, startKafka } from '../../../scripts/kafka.ts'
import { Installation, type ServiceName } from '../../support/installation.ts'
import { assertDelivered, differentMessages } from '../../support/load.ts'
import { freePort, ROOT } from '../../support/processes.ts'
import { runSipp } from '../sip/sipp.ts'

const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, Kafka, logLevel, ResourcePatternTypes } =
  kafkajs

const MESSAGES = 200
const PASSWORD = 'one-password-for-a-test'

interface User {
  readonly metadata: { readonly name: string }
  readonly spec: {
    readonly authorization: {
      readonly acls: readonly {
        readonly resource: { readonly type: string; readonly name: string; readonly patternType: string }
        readonly operations: readonly string[]
      }[]
    }
  }
}

const users = parseAllDocuments(readFileSync(join(ROOT, 'k8s/kafka/users.yaml'), 'utf8'))
  .map((document) => document.toJS() as User | null)
  .filter((user) => user !== null)

/** `DescribeConfigs` as the client library writes it. */
const kafkaName = (operation: string) =>
  operation.replace(/(?<=[a-z])(?=[A-Z])/g, '_').toUpperCase() as keyof typeof AclOperationTypes

/** The rights of Strimzi's users as Kafka's own objects. */
const acls = users.flatMap(({ metadata, spec }) =>
  spec.authorization.acls.flatMap(({ resource, operations }) =>
    operations.map((operation) => ({
      principal: `User:${metadata.name}`,
      host: '*',
      permissionType: AclPermissionTypes.ALLOW,
      operation: AclOperationTypes[kafkaName(operation)],
      resourceType: resource.type === 'topic' ? AclResourceTypes.TOPIC : AclResourceTypes.GROUP,
      resourceName: resource.name,
      resourcePatternType:
        resource.patternType === 'prefix' ? ResourcePatternTypes.PREFIXED : ResourcePatternTypes.LITERAL,
    })),
  ),
)

describe("services with their users' rights alone", () => {
  const folder = mkdtempSync(join(tmpdir(), 'ipsmgw-users-'))
  const passwordFile = join(folder, 'password')
  writeFileSync(passwordFile, PASSWORD)
  let kafka: RunningKafka
  let installation: Installation

  const client = (username: string) =>
    new Kafka({
      brokers: kafka.brokers.split(','),
      clientId: username,
      logLevel: logLevel.NOTHING,
      retry: { retries: 0 },
      sasl: { mechanism: 'plain', username, password: PASSWORD },
    })

  const settings = (username: string): KafkaSettings => ({
    ...{ brokers: kafka.brokers.split(','), prefix: 'ipsmgw.', partitions: 24, createTopics: false },
    ...{ replicationFactor: 1, tls: false, sessionTimeoutMs: 6_000 },
    ...{ saslMechanism: 'plain', saslUsername: username, saslPasswordFile: passwordFile },
  })

  before(async () => {
    const names = ['admin', ...users.map(({ metadata }) => metadata.name)]
    kafka = await startKafka({
      users: Object.fromEntries(names.map((name) => [name, PASSWORD])),
      out: process.stderr,
    })
    await manageTopics(settings('admin'), TOPICS, true, () => {})
    const admin = client('admin').admin()
    await admin.connect()
    await admin.createAcls({ acl: acls })
    await admin.disconnect()
    installation = await Installation.start({
      kafka,
      kafkaSettings: (service: ServiceName) => settings(`ipsmgw-${service}`),
    })
  })
  after(async () => {
    await installation?.stop()
    await kafka?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  test('they are enough: every service becomes ready and every message is delivered', async () => {
    const replicas = await installation.addAll()
    const messages = differentMessages(MESSAGES, (i) => `Message ${i} with few rights`)
    const { successful, failed, output } = await runSipp({
      target: `127.0.0.1:${replicas['sip-ingress'].sipPort}`,
      transport: 'tcp',
      ratePerSecond: 50,
      messages,
      localPort: await freePort(),
    })
    assert.deepEqual(
      { successful, failed },
      { successful: MESSAGES, failed: 0 },
      output + installation.words(),
    )
    await assertDelivered(installation.lab.url, messages)
    assert.doesNotMatch(installation.words(), /uthoriz/)
  })

  for (const [user, topic] of [
    ['ipsmgw-sip-ingress', 'ipsmgw.sm.routed'],
    ['ipsmgw-im-to-sms', 'ipsmgw.sip.final'],
    ['ipsmgw-sm-delivery', 'ipsmgw.message.completed'],
    ['ipsmgw-records', 'ipsmgw.im.received'],
    ['ipsmgw-keda', 'ipsmgw.sm.reports'],
  ] as const)
    test(`${user} may not write ${topic}`, async () => {
      const producer = client(user).producer()
      await producer.connect()
      await assert.rejects(producer.send({ topic, messages: [{ value: 'x' }] }), /uthoriz/)
      await producer.disconnect()
    })
})

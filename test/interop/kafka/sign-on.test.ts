// Each way to sign on to a real broker, and what a process says and does when the broker will not have it. About a
// minute.
// neighbours: kafka, java, mvn
import assert from 'node:assert/strict'
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type KafkaSettings, on } from '@ipsmgw/bus'
import type { SignOnListeners } from '../../../scripts/kafka/running.ts'
import { type RunningKafka, startKafka } from '../../../scripts/kafka.ts'
import { eventually } from '../../support/eventually.ts'
import { freePort, type RunningProcess, startSource } from '../../support/processes.ts'
import { SettingsFolder } from '../../support/separate-processes.ts'
import { Authority } from './certificates.ts'
import { type Item, itemTopic, openBus, settingsFor } from './installation.ts'

const PASSWORD = 'correct-horse'
const WRONG = 'battery-staple'

describe('kafka.md: signing on to the brokers', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ipsmgw-sign-on-'))
  const settingsFolder = new SettingsFolder()
  const file = (name: string, content: string) => {
    const path = join(folder, name)
    writeFileSync(path, content)
    return path
  }
  const authority = new Authority(folder, 'authority')
  const stranger = new Authority(folder, 'stranger')
  const broker = authority.issue('broker')
  const own = authority.issue('gateway')
  const passwordFile = file('password', `${PASSWORD}\n`)
  const wrongFile = file('wrong-password', `${WRONG}\n`)
  let kafka: RunningKafka
  let at: SignOnListeners

  before(async () => {
    const read = (path: string) => readFileSync(path, 'utf8')
    kafka = await startKafka({
      signOn: {
        users: { gateway: PASSWORD },
        keyStoreFile: file('broker-store.pem', read(broker.keyFile) + read(broker.certificateFile)),
        trustStoreFile: authority.certificateFile,
      },
      out: process.stderr,
    })
    at = kafka.signOn as SignOnListeners
  })
  after(async () => {
    await kafka?.stop()
    settingsFolder.remove()
    rmSync(folder, { recursive: true, force: true })
  })

  type Over = Partial<KafkaSettings>
  const user = (saslMechanism: KafkaSettings['saslMechanism'], saslPasswordFile = passwordFile): Over => ({
    ...(saslMechanism !== undefined && { saslMechanism }),
    saslUsername: 'gateway',
    saslPasswordFile,
  })
  const tls: Over = { tls: true, caFile: authority.certificateFile }
  const certificate: Over = { certificateFile: own.certificateFile, keyFile: own.keyFile }

  const ways: readonly (readonly [string, keyof SignOnListeners, Over])[] = [
    ...(['plain', 'scram-sha-256', 'scram-sha-512'] as const).flatMap(
      (mechanism) =>
        [
          [`SASL ${mechanism}`, 'sasl', user(mechanism)],
          [`SASL ${mechanism} under TLS`, 'saslTls', { ...user(mechanism), ...tls }],
        ] as const,
    ),
    ['TLS', 'tls', tls],
    ['TLS with a certificate of our own', 'mutualTls', { ...tls, ...certificate }],
  ]
  for (const [name, listener, over] of ways)
    test(`${name}: what is published is read`, async () => {
      const topic = itemTopic('signed')
      const bus = await openBus(settingsFor(at[listener], over), [topic])
      try {
        const seen = Promise.withResolvers<Item>()
        await bus.consume({
          group: 'signed',
          mode: 'claim',
          maximumInFlight: 10,
          subscriptions: [on(topic, ({ value }) => seen.resolve(value))],
        })
        await bus.publish(topic, { key: 'a', n: 1 })
        assert.deepEqual(await seen.promise, { key: 'a', n: 1 })
      } finally {
        await bus.close()
      }
    })

  const refusals: readonly (readonly [string, keyof SignOnListeners, Over, RegExp])[] = [
    ['a wrong password, PLAIN', 'sasl', user('plain', wrongFile), /SASL PLAIN.*kafka\.saslPasswordFile/],
    [
      'a wrong password, SCRAM',
      'sasl',
      user('scram-sha-512', wrongFile),
      /SASL SCRAM.*kafka\.saslPasswordFile/,
    ],
    ['a stranger as CA', 'tls', { ...tls, caFile: stranger.certificateFile }, /kafka\.caFile/],
    ['no CA', 'tls', { tls: true }, /kafka\.caFile is not set/],
    ['a CA file that is not there', 'tls', { ...tls, caFile: join(folder, 'nothing') }, /ENOENT.*nothing/],
    ['no certificate where one is asked for', 'mutualTls', tls, /set kafka\.certificateFile/],
    ['TLS where there is none', 'sasl', { ...user('plain'), ...tls }, /do the brokers speak TLS/],
    ['no TLS where there is', 'tls', {}, /do the brokers want TLS/],
    ['no SASL where there is', 'sasl', {}, /do the brokers want TLS or SASL/],
  ]
  for (const [name, listener, over, sentence] of refusals)
    test(`${name}: one sentence that names the setting and no secret, soon`, async () => {
      const begin = performance.now()
      await assert.rejects(openBus(settingsFor(at[listener], over), []), ({ message }: Error) => {
        assert.match(message, sentence)
        assert.ok(message.includes(at[listener]), 'the broker is named')
        assert.doesNotMatch(message, new RegExp(`${PASSWORD}|${WRONG}|\n`))
        return true
      })
      assert.ok(performance.now() - begin < 20_000)
    })

  for (const [name, listener, over, mend] of [
    [
      'a wrong password',
      'saslTls',
      () => ({ ...user('scram-sha-256', file('mended-password', WRONG)), ...tls }),
      () => copyFileSync(passwordFile, join(folder, 'mended-password')),
    ],
    [
      'a stranger as CA',
      'tls',
      () => {
        copyFileSync(stranger.certificateFile, join(folder, 'mended-ca'))
        return { ...tls, caFile: join(folder, 'mended-ca') }
      },
      () => copyFileSync(authority.certificateFile, join(folder, 'mended-ca')),
    ],
  ] as const)
    test(`${name}: the process stays, is not ready, says why once, and is ready when the file is right`, async () => {
      const httpPort = await freePort()
      const url = `http://127.0.0.1:${httpPort}`
      const { brokers, prefix } = settingsFor(at[listener])
      const config = settingsFolder.write('correlation', {
        kafka: { brokers, prefix, createTopics: true, replicationFactor: 1, ...over() },
        http: { port: httpPort },
      })
      const service = await startSource('services/correlation/src/main.ts', ['--config', config])
      try {
        const complaint = () => linesOf(service, 'Kafka cannot be used, trying again')
        await eventually(() => complaint().length > 0, 'the sentence', 30_000)
        const readiness = await fetch(`${url}/readyz`)
        assert.equal(readiness.status, 503)
        assert.match(await readiness.text(), /no Kafka broker serves us/)
        assert.equal((await fetch(`${url}/livez`)).status, 200)
        mend()
        await eventually(async () => (await fetch(`${url}/readyz`)).ok, 'ready', 30_000)
        assert.equal(complaint().length, 1)
        assert.equal(linesOf(service, 'Kafka client complains').length, 0)
        assert.doesNotMatch(service.output(), new RegExp(`${PASSWORD}|${WRONG}`))
      } finally {
        assert.equal(await service.stop(), 0)
      }
    })

  test('a process that waits for its brokers ends in order when asked to', async () => {
    const httpPort = await freePort()
    const config = settingsFolder.write('waiting', {
      kafka: { brokers: at.sasl.split(','), ...user('plain', wrongFile) },
      http: { port: httpPort },
    })
    const service = await startSource('services/correlation/src/main.ts', ['--config', config])
    await eventually(
      () => linesOf(service, 'Kafka cannot be used, trying again').length > 0,
      'it waits',
      30_000,
    )
    assert.equal(await service.stop(), 0)
  })
})

function linesOf(service: RunningProcess, sentence: string): string[] {
  return service
    .output()
    .split('\n')
    .filter((line) => line.includes(sentence))
}

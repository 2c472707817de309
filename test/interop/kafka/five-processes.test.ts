// neighbours: kafka, sipp
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type RunningKafka, startKafka } from '../../../scripts/kafka.ts'
import { freePorts, ready } from '../../support/gateway-process.ts'
import { assertDelivered, differentMessages } from '../../support/load.ts'
import { freePort, type RunningProcess, startSource } from '../../support/processes.ts'
import { restingRecords } from '../../support/resting-records.ts'
import { type LabProcess, SettingsFolder, settingsFor, startLab } from '../../support/separate-processes.ts'
import { runSipp, type SippMessage } from '../sip/sipp.ts'

const MESSAGES = 2_000
const RATE_PER_SECOND = 200
/** received, prepared, routed, final, completed, and reports. */
const TOPICS_PER_MESSAGE = 6

for (const [how, enciphered] of [
  ['in the clear', false],
  ['with records enciphered', true],
] as const)
  describe(`design §2: five services as five processes over Apache Kafka, ${how}`, () => {
    const folder = new SettingsFolder()
    const processes: RunningProcess[] = []
    const sent: SippMessage[] = []
    let kafka: RunningKafka
    let lab: LabProcess
    let sipPort: number
    const prefix = `five-${Date.now()}.`

    before(async () => {
      kafka = await startKafka({ out: process.stderr })
      lab = await startLab()
      sipPort = await freePort()
      await startServices()
    })

    after(async () => {
      await Promise.all(processes.map((it) => it.stop()))
      await lab?.stop()
      await kafka?.stop()
      folder.remove()
    })

    async function startServices(): Promise<void> {
      const services = Object.entries(settingsOfServices())
      const ports = await freePorts(services.length)
      await Promise.all(services.map(([name, settings], i) => startService(name, settings, ports[i] ?? 0)))
    }

    async function startService(name: string, settings: object, port: number): Promise<void> {
      const file = folder.write(name, { ...settings, http: { port } })
      const service = await startSource(`services/${name}/src/main.ts`, ['--config', file])
      processes.push(service)
      await ready(`http://127.0.0.1:${port}`, service.ended, 60_000).catch((cause) => {
        throw new Error(`${name} did not become ready:\n${service.output()}`, { cause })
      })
    }

    function settingsOfServices(): Record<string, object> {
      const { sip, diameter, routing, sigtran } = settingsFor(lab)
      const hashFile = join(folder.path, 'hash-key')
      writeFileSync(hashFile, randomBytes(32).toString('hex'))
      const keys = { hashFile }
      const payloadKeyFile = join(folder.path, 'payload-key')
      writeFileSync(payloadKeyFile, randomBytes(32).toString('hex'))
      const kafkaSettings = {
        brokers: kafka.brokers.split(','),
        prefix,
        createTopics: true,
        replicationFactor: 1,
        ...(enciphered && { payloadKeyFiles: [payloadKeyFile] }),
      }
      const node = (name: string) => ({ ...diameter, originHost: `${name}.${diameter.originRealm}` })
      const { serviceCentre } = routing
      return {
        correlation: { kafka: kafkaSettings },
        'sm-delivery': {
          kafka: kafkaSettings,
          diameter: node('sm-delivery'),
          sigtran,
          routing: { serviceCentre },
        },
        'hss-routing': { kafka: kafkaSettings, diameter: node('hss-routing'), routing, keys },
        'im-to-sms': { kafka: kafkaSettings, keys },
        'sip-ingress': { kafka: kafkaSettings, sip: { ...sip, port: sipPort }, keys },
      }
    }

    for (const transport of ['udp', 'tcp'] as const) {
      test(`${MESSAGES} instant messages at ${RATE_PER_SECOND} a second over ${transport}: as many 200 OK, each text on its phone exactly once`, async () => {
        const messages = differentMessages(
          MESSAGES,
          (i) => `Message ${i} over ${transport} and Kafka, worth 5 €`,
        )
        const { successful, failed, output } = await runSipp({
          target: `127.0.0.1:${sipPort}`,
          transport,
          ratePerSecond: RATE_PER_SECOND,
          messages,
          localPort: await freePort(),
        })
        const words = [output, ...processes.map((it) => it.output().slice(-2_000))].join('\n')
        assert.deepEqual({ successful, failed }, { successful: MESSAGES, failed: 0 }, words)
        sent.push(...messages)
        await assertDelivered(lab.url, sent)
      })
    }

    test(`design §9: what rests in the topics ${enciphered ? 'is readable for nobody without the key' : 'holds the texts'}`, async () => {
      const records = await restingRecords(kafka.brokers, prefix)
      const texts = records.map(({ value }) => value.toString('latin1'))
      assert.ok(texts.length >= sent.length * TOPICS_PER_MESSAGE, `${texts.length} records`)
      const readable = texts.filter((text) => text.startsWith('{'))
      assert.equal(readable.length, enciphered ? 0 : texts.length)
      assert.equal(
        texts.some((text) => text.includes('and Kafka, worth')),
        !enciphered,
      )
    })
  })

// neighbours: kafka
import { after, before } from 'node:test'
import { KafkaBus } from '@ipsmgw/bus'
import { type Adapter, busContract, SILENT_EVENTS } from '@ipsmgw/bus/testing'
import { type RunningKafka, startKafka } from '../../../scripts/kafka.ts'

let kafka: RunningKafka

before(async () => {
  kafka = await startKafka({ out: process.stderr })
})
after(async () => {
  await kafka.stop()
})

const adapter: Adapter = {
  name: 'Apache Kafka by kafkajs',
  shared: true,
  async install(topics) {
    const prefix = `contract-${Date.now()}-${Math.random().toString(36).slice(2)}.`
    const buses: KafkaBus[] = []
    return {
      async open(events = {}) {
        const bus = new KafkaBus(
          {
            brokers: kafka.brokers.split(','),
            prefix,
            partitions: 6,
            createTopics: true,
            replicationFactor: 1,
            tls: false,
            sessionTimeoutMs: 6_000,
          },
          { events: { ...SILENT_EVENTS, ...events }, log: () => {}, now: Date.now, clientId: 'contract' },
        )
        buses.push(bus)
        await bus.connect(topics)
        return bus
      },
      // Its handlers never end, so a goodbye is impossible: it is left alone until its session is over.
      crash: async (bus) => {
        const index = buses.indexOf(bus as KafkaBus)
        buses.splice(index, 1)
        await (bus as KafkaBus).abandon()
      },
      async close() {
        await Promise.all(buses.map((bus) => bus.close()))
      },
    }
  },
}

busContract(adapter)

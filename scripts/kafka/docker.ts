import { spawnSync } from 'node:child_process'
import { setTimeout as delay } from 'node:timers/promises'
import {
  canConnect,
  freePorts,
  type KafkaOptions,
  kafkaVersion,
  quotaWords,
  type RunningKafka,
  readyTimeoutMs,
  runTool,
  say,
} from './running.ts'

/** The image apache/kafka: one node, open to all. */
export async function startDocker({ port, advertisedPorts, out }: KafkaOptions): Promise<RunningKafka> {
  const [free = 0] = port === undefined ? await freePorts(1) : [port]
  const name = `ipsmgw-kafka-${free}`
  say(out, `Starting apache/kafka:${kafkaVersion()} in Docker on port ${free} ...`)
  const settings = {
    KAFKA_NODE_ID: '1',
    KAFKA_PROCESS_ROLES: 'broker,controller',
    KAFKA_CONTROLLER_QUORUM_VOTERS: '1@127.0.0.1:9093',
    KAFKA_LISTENERS: `PLAINTEXT://0.0.0.0:${free},CONTROLLER://127.0.0.1:9093`,
    KAFKA_ADVERTISED_LISTENERS: `PLAINTEXT://127.0.0.1:${advertisedPorts?.[0] ?? free}`,
    KAFKA_CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
    KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: '1',
    KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '0',
    KAFKA_GROUP_COORDINATOR_APPEND_LINGER_MS: '0',
    KAFKA_AUTO_CREATE_TOPICS_ENABLE: 'false',
  }
  const environment = Object.entries(settings).flatMap(([key, value]) => ['-e', `${key}=${value}`])
  const run = spawnSync(
    'docker',
    [
      'run',
      '-d',
      '--name',
      name,
      '-p',
      `127.0.0.1:${free}:${free}`,
      ...environment,
      `apache/kafka:${kafkaVersion()}`,
    ],
    { encoding: 'utf8' },
  )
  if (run.status !== 0) throw new Error(`Docker could not start Kafka:\n${run.stderr}`)
  const docker = (...words: string[]) => void spawnSync('docker', [...words, name], { stdio: 'ignore' })
  const stop = async () => docker('rm', '-f')
  for (const until = Date.now() + readyTimeoutMs; !(await canConnect('127.0.0.1', free)); ) {
    if (Date.now() > until) {
      await stop()
      throw new Error('Kafka in Docker did not start in time')
    }
    await delay(300)
  }
  return {
    brokers: `127.0.0.1:${free}`,
    processIds: [],
    stop,
    kill: () => docker('kill'),
    restart: () => docker('start'),
    freeze: () => docker('pause'),
    thaw: () => docker('unpause'),
    throttle: (octetsPerSecond) =>
      runTool('docker', [
        'exec',
        name,
        '/opt/kafka/bin/kafka-configs.sh',
        ...quotaWords(`127.0.0.1:${free}`, octetsPerSecond),
      ]),
  }
}

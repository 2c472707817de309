import { parseArgs } from 'node:util'
import { kafkaSchema } from '@ipsmgw/bus'
import { ConfigError, loadConfig } from '@ipsmgw/config'
import { diameterSchema } from '@ipsmgw/diameter'
import Type, { type Static } from 'typebox'
import { examineCertificate } from '../doctor/certificates.ts'
import { bad, type Finding, good, tell } from '../doctor/finding.ts'
import { examineKafka } from '../doctor/kafka.ts'
import { examinePeers, examineSctp, examineSip } from '../doctor/network.ts'
import { examineService } from '../doctor/services.ts'
import { hostAndPort } from '../host-and-port.ts'
import { patience } from './patience.ts'

const HELP = `ipsmgw doctor [options]
ipsmgw doctor patience --core HOST:PORT --lab URL --to NUMBER [options]

Looks at everything that keeps messages from passing and says what to do: configuration, brokers, topics, Diameter
peers, certificates, clocks, SCTP, the SIP side. Changes nothing and sends no message. "doctor patience" finds out how
long the SIP chain before the gateway waits; "doctor patience --help" tells more.

Options
  --config FILE       configuration of a service; kafka and diameter are read from it, and IPSMGW_... from the environment
  --gateway HOST:PORT SIP address of a gateway, asked by OPTIONS over TCP and UDP
  --service URL       HTTP side of a running service; several are fine
  --timeout SECONDS   for each look                        [3]
  --json              JSON instead of lines
  --help

Exit code: 0 nothing is bad, 1 something is, 2 wrong usage.

Example
  ipsmgw doctor --config /etc/ipsmgw/config/config.yaml --gateway ipsmgw-sip:5060 --service http://ipsmgw-records:8080`

/** What is read of a service's configuration; other sections are the service's own. */
const schema = Type.Object({ kafka: Type.Optional(kafkaSchema), diameter: Type.Optional(diameterSchema) })
type Settings = Static<typeof schema>

export const doctor = {
  summary: 'look for what keeps messages from passing, and say what to do',
  async run(args: string[]): Promise<number> {
    if (args[0] === 'patience') return patience(args.slice(1))
    const { values } = parseArgs({
      args,
      options: {
        config: { type: 'string' },
        gateway: { type: 'string' },
        service: { type: 'string', multiple: true, default: [] },
        timeout: { type: 'string', default: '3' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    })
    if (values.help) {
      console.log(HELP)
      return 0
    }
    const timeoutMs = Math.max(1, Number(values.timeout) || 0) * 1_000
    const findings = [
      ...(await examineSettings(values.config, timeoutMs)),
      await examineSctp(),
      ...(values.gateway === undefined ? [] : await examineGateway(values.gateway)),
      ...(await Promise.all(values.service.map((url) => examineService(url, timeoutMs)))).flat(),
    ]
    console.log(values.json ? JSON.stringify(findings, undefined, 2) : findings.map(tell).join('\n'))
    return findings.some(({ state }) => state === 'bad') ? 1 : 0
  },
}

async function examineSettings(file: string | undefined, timeoutMs: number): Promise<Finding[]> {
  let settings: Settings
  try {
    settings = loadConfig(schema, { environment: process.env, ...(file !== undefined && { file }) }).config
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.problems.map(({ path, source, message }) =>
      bad(`configuration, ${path} (${source})`, message, 'the service says all of it: --check-config'),
    )
  }
  const { kafka, diameter } = settings
  const [bus, peers] = await Promise.all([
    kafka === undefined ? [] : examineKafka(kafka, timeoutMs),
    diameter === undefined ? [] : examinePeers(diameter, timeoutMs),
  ])
  const read = [kafka && 'kafka', diameter && 'diameter'].filter(Boolean).join(', ')
  return [
    good('configuration', read === '' ? 'names neither kafka nor diameter' : `${read}: valid`),
    ...certificatesOf(settings),
    ...bus,
    ...peers,
  ]
}

function certificatesOf({ kafka }: Settings): Finding[] {
  const { caFile, certificateFile, keyFile } = kafka ?? {}
  const nowMs = Date.now()
  return [
    ...(caFile === undefined ? [] : [examineCertificate({ what: "Kafka's CA", certificate: caFile }, nowMs)]),
    ...(certificateFile === undefined
      ? []
      : [
          examineCertificate(
            {
              what: 'certificate for Kafka',
              certificate: certificateFile,
              ...(keyFile !== undefined && { key: keyFile }),
            },
            nowMs,
          ),
        ]),
  ]
}

function examineGateway(text: string): Promise<Finding[]> {
  const { host, port } = hostAndPort(text, '--gateway')
  return examineSip(host, port)
}

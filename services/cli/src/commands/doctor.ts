import { parseArgs } from 'node:util'
import { type Finding, summary, tell } from '../doctor/finding.ts'
import { examineSip } from '../doctor/network.ts'
import { examineService } from '../doctor/services.ts'
import { examineSettings } from '../doctor/settings.ts'
import { hostAndPort } from '../host-and-port.ts'
import { patience } from './patience.ts'

const HELP = `ipsmgw doctor [options]
ipsmgw doctor patience --core HOST:PORT --lab URL --to NUMBER [options]

Looks at everything that keeps messages from passing and says what to do: configuration, certificates, brokers, topics,
Diameter peers (TLS too), SCTP, the SIP side, services and their clocks. Changes nothing and sends no message. "doctor patience" finds out how
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
      ...(values.gateway === undefined ? [] : await examineGateway(values.gateway)),
      ...(await Promise.all(values.service.map((url) => examineService(url, timeoutMs)))).flat(),
    ]
    console.log(
      values.json
        ? JSON.stringify(findings, undefined, 2)
        : [...findings.map(tell), '', summary(findings)].join('\n'),
    )
    return findings.some(({ state }) => state === 'bad') ? 1 : 0
  },
}

function examineGateway(text: string): Promise<Finding[]> {
  const { host, port } = hostAndPort(text, '--gateway')
  return examineSip(host, port)
}

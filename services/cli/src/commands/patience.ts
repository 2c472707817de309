import { randomBytes } from 'node:crypto'
import { parseArgs } from 'node:util'
import { SipEndpoint } from '@ipsmgw/sip'
import { advice, measurePatience, type Probe } from '../doctor/patience.ts'
import { hostAndPort } from '../host-and-port.ts'
import { UsageError } from '../usage-error.ts'

const HELP = `ipsmgw doctor patience --core HOST:PORT --lab URL --to NUMBER [options]

Sends test messages through the real core to a phone of the lab that answers late, up to six of them, and finds the
longest time that every node in between waits. That is what answerByMs (or earlyAnswerMs) of the peer must stay below.
The gateway must be one whose serving node is the lab, and the number must be routed to it.

Options
  --core HOST:PORT   where the core takes a message: the S-CSCF, or the gateway itself
  --lab URL          HTTP side of the lab, e.g. http://127.0.0.1:8090
  --to NUMBER        phone of the lab, e.g. +447700900123
  --from NUMBER      sender                                  [+447700900111]
  --longest SECONDS  longest delay that is tried             [30]
  --help

Exit code: 0 measured, 1 no message passed at all, 2 wrong usage.`

interface Chain {
  readonly core: { readonly host: string; readonly port: number }
  readonly lab: string
  readonly to: string
  readonly from: string
}

/** `ipsmgw doctor patience`. */
export async function patience(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      core: { type: 'string' },
      lab: { type: 'string' },
      to: { type: 'string' },
      from: { type: 'string', default: '+447700900111' },
      longest: { type: 'string', default: '30' },
      help: { type: 'boolean', short: 'h' },
    },
  })
  if (values.help) {
    console.log(HELP)
    return 0
  }
  const { core, lab, to, from } = values
  if (core === undefined || lab === undefined || to === undefined)
    throw new UsageError('doctor patience needs --core, --lab and --to')
  if (!/^\+\d{5,15}$/.test(to)) throw new UsageError(`--to: "${to}" is no number with +`)
  const longest = Number(values.longest)
  if (!Number.isInteger(longest) || longest < 1 || longest > 30)
    throw new UsageError('--longest is 1 to 30 seconds: after 32 s no sender waits any more')
  const chain = { core: hostAndPort(core, '--core'), lab, to, from }
  const found = await measurePatience(longest, async (delaySeconds) => {
    const probe = await sendTo(chain, delaySeconds)
    console.log(
      `  phone after ${delaySeconds} s: ${probe.status ?? 'no final'} after ${probe.tookSeconds.toFixed(1)} s`,
    )
    return probe
  })
  await setDelay(chain, 0)
  console.log(advice(found))
  return found.lastsSeconds === 0 ? 1 : 0
}

async function setDelay({ lab, to }: Chain, delaySeconds: number): Promise<void> {
  const url = new URL(`/lab/subscribers/${to.slice(1)}`, lab)
  const setting =
    delaySeconds === 0 ? { behaviour: 'reachable' } : { behaviour: 'silent', delayMs: delaySeconds * 1_000 }
  const response = await fetch(url, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(setting),
  })
  if (!response.ok) throw new UsageError(`--lab: ${url} answered ${response.status}`)
}

async function sendTo(chain: Chain, delaySeconds: number): Promise<Probe> {
  await setDelay(chain, delaySeconds)
  const { core, to, from } = chain
  const local = core.host.startsWith('127.') ? '127.0.0.1' : '0.0.0.0'
  const endpoint = new SipEndpoint(
    { listeners: [{ transport: 'udp', host: local, port: 0 }] },
    { onRequest: (request) => void request.respond(405) },
  )
  await endpoint.start()
  const startedAt = performance.now()
  try {
    const outcome = await endpoint.request({
      method: 'MESSAGE',
      uri: `tel:${to}`,
      headers: [
        ['From', `<tel:${from}>`],
        ['To', `<tel:${to}>`],
        ['Call-ID', `${randomBytes(8).toString('hex')}@ipsmgw.invalid`],
        ['P-Asserted-Identity', `<tel:${from}>`],
        ['Content-Type', 'text/plain;charset=UTF-8'],
      ],
      body: Buffer.from(`patience ${delaySeconds} s`),
      destination: { transport: 'tcp', ...core },
    })
    const tookSeconds = (performance.now() - startedAt) / 1_000
    return outcome.kind === 'response'
      ? { delaySeconds, status: outcome.response.status, tookSeconds }
      : { delaySeconds, tookSeconds }
  } finally {
    await endpoint.close()
  }
}

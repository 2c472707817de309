import { randomBytes } from 'node:crypto'
import { parseArgs } from 'node:util'
import { buildCpim } from '@ipsmgw/im'
import { type RequestOutcome, SipEndpoint, type SipResponse, utf8View } from '@ipsmgw/sip'
import { explain } from '../explain.ts'
import { hostAndPort } from '../host-and-port.ts'
import { printTimeline } from '../timeline.ts'
import { UsageError } from '../usage-error.ts'

const HELP = `ipsmgw send --to NUMBER --text TEXT [options]

Sends one instant message to a gateway, as an S-CSCF would, waits for the SIP answer and explains it.

Options
  --to NUMBER|URI        recipient: +447900123456, tel: or sip: URI
  --text TEXT            the message
  --from NUMBER|URI      sender, asserted by the network      [+447700900111]
  --gateway HOST:PORT    SIP address of the gateway           [127.0.0.1:5060]
  --transport udp|tcp    longer than 1300 octets goes by tcp  [udp]
  --cpim                 as a CPM pager-mode message (message/cpim)
  --anonymous            hide the sender (Privacy: id)
  --http URL             message API, for the timeline        [http://127.0.0.1:8080]
  --quiet                only the status line
  --help

Exit code: 0 delivered (200), 3 accepted but unknown (202), 1 anything else, 2 wrong usage.

Example
  ipsmgw send --to +447900123456 --text "Hello from IMS"`

/** RFC 3261 §18.1.1: above this a datagram might be cut, so the request goes by TCP. */
const LARGEST_DATAGRAM_OCTETS = 1300

interface SendOptions {
  readonly to: string
  readonly from: string
  readonly text: string
  readonly host: string
  readonly port: number
  readonly transport: 'udp' | 'tcp'
  readonly cpim: boolean
  readonly anonymous: boolean
  readonly http: string
  readonly quiet: boolean
}

export const send = {
  summary: 'send an instant message to a gateway and explain its answer',
  async run(args: string[]): Promise<number> {
    const options = parse(args)
    if (options === undefined) {
      console.log(HELP)
      return 0
    }
    const endpoint = new SipEndpoint(
      { listeners: [{ transport: 'udp', host: localAddressFor(options.host), port: 0 }] },
      { onRequest: (request) => void request.respond(405) },
    )
    await endpoint.start()
    try {
      return await exchange(endpoint, options)
    } finally {
      await endpoint.close()
    }
  },
}

async function exchange(endpoint: SipEndpoint, options: SendOptions): Promise<number> {
  const callId = `${randomBytes(8).toString('hex')}@ipsmgw.invalid`
  const body = bodyOf(options)
  const transport = body.octets.length > LARGEST_DATAGRAM_OCTETS - 600 ? 'tcp' : options.transport
  if (!options.quiet)
    console.log(`MESSAGE ${options.to} by ${transport} to ${options.host}:${options.port} …`)
  const startedAt = performance.now()
  let provisional = 0
  const outcome = await endpoint.request({
    method: 'MESSAGE',
    uri: options.to,
    headers: [
      ['From', options.anonymous ? '"Anonymous" <sip:anonymous@anonymous.invalid>' : `<${options.from}>`],
      ['To', `<${options.to}>`],
      ['Call-ID', callId],
      ['P-Asserted-Identity', `<${options.from}>`],
      ...(options.anonymous ? [['Privacy', 'id'] as const] : []),
      ['Content-Type', body.type],
    ],
    body: body.octets,
    destination: { transport, host: options.host, port: options.port },
    onProvisional: (response) => {
      // Every retransmission of a request over UDP is answered with the same one again.
      if (!options.quiet && response.status !== provisional)
        console.log(`  ${response.status} ${reasonOf(response)}`)
      provisional = response.status
    },
  })
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(2)
  const code = tell(outcome, options, seconds)
  if (!options.quiet) await printTimeline(options.http, callId)
  return code
}

function tell(outcome: RequestOutcome, options: SendOptions, seconds: string): number {
  const gateway = `${options.host}:${options.port}`
  switch (outcome.kind) {
    case 'response': {
      const { response } = outcome
      console.log(`${response.status} ${reasonOf(response)} after ${seconds} s: ${explain(response.status)}`)
      for (const name of ['Reason', 'Warning', 'Retry-After', 'Accept', 'Allow', 'Unsupported'])
        for (const value of response.headers.all(name.toLowerCase()))
          console.log(`  ${name}: ${utf8View(value)}`)
      return response.status === 200 ? 0 : response.status === 202 ? 3 : 1
    }
    case 'timeout':
      console.log(`no answer from ${gateway} within ${seconds} s; is a gateway listening there?`)
      return 1
    case 'transportError':
      console.log(
        `${gateway} cannot be reached (${(outcome.cause as Error).message}); start one with: npm start`,
      )
      return 1
    case 'overloaded':
    case 'closed':
      console.log(`not sent: ${outcome.kind}`)
      return 1
  }
}

function reasonOf(response: SipResponse): string {
  return utf8View(response.reason)
}

function bodyOf(options: SendOptions): { type: string; octets: Buffer } {
  if (!options.cpim) return { type: 'text/plain;charset=UTF-8', octets: Buffer.from(options.text) }
  const anonymous = { uri: 'sip:anonymous@anonymous.invalid' }
  const octets = buildCpim({
    from: anonymous,
    to: [anonymous],
    dateTime: new Date().toISOString(),
    imdn: {
      messageId: randomBytes(12).toString('hex'),
      dispositionNotification: ['positive-delivery', 'display'],
    },
    content: { type: 'text/plain;charset=UTF-8', octets: Buffer.from(options.text) },
  })
  return { type: 'message/cpim', octets }
}

function parse(args: string[]): SendOptions | undefined {
  const { values } = parseArgs({
    args,
    options: {
      to: { type: 'string' },
      text: { type: 'string' },
      from: { type: 'string', default: '+447700900111' },
      gateway: { type: 'string', default: '127.0.0.1:5060' },
      transport: { type: 'string', default: 'udp' },
      cpim: { type: 'boolean', default: false },
      anonymous: { type: 'boolean', default: false },
      http: { type: 'string', default: 'http://127.0.0.1:8080' },
      quiet: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h' },
    },
  })
  if (values.help) return undefined
  if (values.to === undefined || values.text === undefined)
    throw new UsageError('send needs --to and --text, e.g. ipsmgw send --to +447900123456 --text "Hello"')
  if (values.transport !== 'udp' && values.transport !== 'tcp')
    throw new UsageError(`--transport is udp or tcp, not "${values.transport}"`)
  return {
    ...hostAndPort(values.gateway, '--gateway'),
    to: uriOf(values.to, '--to'),
    from: uriOf(values.from, '--from'),
    text: values.text,
    transport: values.transport,
    cpim: values.cpim,
    anonymous: values.anonymous,
    http: values.http,
    quiet: values.quiet,
  }
}

function uriOf(text: string, option: string): string {
  if (/^(?:sips?|tel):/i.test(text)) return text
  const number = text.replace(/[-.() ]/g, '')
  if (/^\+\d{5,15}$/.test(number)) return `tel:${number}`
  throw new UsageError(`${option}: "${text}" is neither a number with + nor a tel: or sip: URI`)
}

/** Loopback speaks to loopback, everything else from any address. */
function localAddressFor(host: string): string {
  if (host.includes(':')) return host === '::1' ? '::1' : '::'
  return host === 'localhost' || host.startsWith('127.') ? '127.0.0.1' : '0.0.0.0'
}

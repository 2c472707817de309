import { parseArgs } from 'node:util'
import { answerFor, causeNamed } from '@ipsmgw/causes'
import { ConfigError } from '@ipsmgw/config'
import type { ImReceived, SmPrepared } from '@ipsmgw/events'
import { convert } from '@ipsmgw/im-to-sms'
import { KeyMaker, messageIdOf } from '@ipsmgw/numbering'
import { loadPolicy, type Policy, policyFor, type Verdict } from '@ipsmgw/policy'
import { loadKey } from '@ipsmgw/runtime'
import { parseDatagram, SipParseError, SipRequest } from '@ipsmgw/sip'
import { type Arrival, examine, recordOf } from '@ipsmgw/sip-ingress'
import { decodeDeliver, ServiceCentreClock } from '@ipsmgw/sms'
import { readInput } from '../input.ts'
import { renderTree } from '../tree.ts'
import { UsageError } from '../usage-error.ts'

const HELP = `ipsmgw explain MESSAGE [options]

What the gateway would do with a SIP MESSAGE: which check or rule decided what, and the TPDUs that would leave.
Nothing is sent and nobody is asked. Exit code 0: it would be delivered, 1: it would be refused.

MESSAGE   a file (octets or hex), hex, or - for standard input

Options
  --policy FILE      policy document; without it all defaults hold
  --profile NAME     profile of the peer that the message comes from
  --untrusted        the peer is outside the trust domain
  --no-served-user   the peer may not say who is served (a CPM AS)
  --key FILE         hash key of the installation, for its concatenation references and pseudo-numbers
  --help

Example
  ipsmgw explain message.sip --policy policy.yaml`

const OPTIONS = {
  policy: { type: 'string', default: '' },
  profile: { type: 'string' },
  untrusted: { type: 'boolean', default: false },
  'no-served-user': { type: 'boolean', default: false },
  key: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const

export const explain = {
  summary: 'show what the gateway would do with a SIP MESSAGE, and by which rule',
  async run(args: string[]): Promise<number> {
    const { values, positionals } = parseArgs({ args, allowPositionals: true, options: OPTIONS })
    if (values.help) {
      console.log(HELP)
      return 0
    }
    const [word] = positionals
    if (word === undefined) throw new UsageError('explain what? a file with a SIP MESSAGE, or -')
    const policy = policyFrom(values.policy)
    const peer = {
      ...{ name: 'peer', addresses: [], tlsNames: [] },
      trusted: !values.untrusted,
      servedUser: !values['no-served-user'],
      ...(values.profile !== undefined && { profile: values.profile }),
    }
    if (policyFor(policy, values.profile) === undefined)
      throw new UsageError(`the policy document has no profile "${values.profile}"`)
    const { lines, delivers } = explainMessage(
      readInput(word),
      policy,
      peer,
      new KeyMaker(loadKey(values.key)),
    )
    console.log(lines.join('\n'))
    return delivers ? 0 : 1
  },
}

function policyFrom(file: string): Policy {
  try {
    return loadPolicy(file)
  } catch (error) {
    if (error instanceof ConfigError) throw new UsageError(error.message)
    throw error
  }
}

interface Explanation {
  readonly lines: readonly string[]
  readonly delivers: boolean
}

const HOST = 'gateway'

/** Walks the same code as the services, with a trail. */
export function explainMessage(
  octets: Buffer,
  document: Policy,
  peer: Arrival['peer'],
  keys: KeyMaker,
  nowMs: number = Date.now(),
): Explanation {
  const request = parsed(octets)
  if (!(request instanceof SipRequest)) return { lines: [line('syntax', request)], delivers: false }
  if (request.method !== 'MESSAGE')
    return { lines: [line('method', `${request.method} is no MESSAGE`)], delivers: false }
  const policy = policyFor(document, peer.profile) ?? document
  const arrival = { peer, policy, nowMs, merged: false }
  const examined = examinedOr(request, arrival)
  if ('lines' in examined) return examined
  const messageId = messageIdOf(request.callId, request.from.tag ?? '', request.cseq.number, request.uriText)
  const options = { answerByMs: 25_000, reply: { ordinal: 0, bootId: 'explain' } }
  const arrived = { message: request, transport: 'tcp' } as const
  const record = recordOf(arrived, messageId, examined, arrival, options, keys, undefined)
  const decided = decisions(record, document, keys, nowMs)
  const check = policy.contentCheck
  const asked = check === undefined || !decided.delivers ? [] : [line('content check', `asks ${check.url}`)]
  return { lines: [...facts(record), ...asked, ...decided.lines], delivers: decided.delivers }
}

function parsed(octets: Buffer): SipRequest | string {
  try {
    const message = parseDatagram(octets)
    return message instanceof SipRequest ? message : 'a response, not a request'
  } catch (error) {
    if (error instanceof SipParseError) return `${error.status}: ${error.message}`
    throw error
  }
}

function examinedOr(request: SipRequest, arrival: Arrival) {
  try {
    const examined = examine(request, arrival, { host: HOST })
    if (examined.kind === 'message') return examined
    if (examined.kind === 'consumed')
      return { lines: [line('sip-ingress', 'answers 200 and delivers nothing')], delivers: false }
    const headers = examined.headers.map(([name, value]) => line('', `${name}: ${value}`))
    const status = `${examined.status} ${examined.reasonPhrase ?? ''}`.trim()
    return {
      lines: [line('sip-ingress', `refuses with ${status}: ${examined.why}`), ...headers],
      delivers: false,
    }
  } catch (error) {
    if (!(error instanceof SipParseError)) throw error
    return { lines: [line('sip-ingress', `refuses with 400: ${error.message}`)], delivers: false }
  }
}

function facts({ recipient, sender, text, contentType, answer, expiresAtMs }: ImReceived): string[] {
  const named = ({ uri, number }: ImReceived['sender']['from']) =>
    number === undefined ? uri : `${number} (${uri})`
  const asserted = sender.asserted.map(named).join(', ') || 'nobody'
  return [
    line('recipient', `${named(recipient)}, from ${recipient.source}`),
    line('asserted', asserted),
    line('hidden', sender.anonymity === undefined ? 'no' : `asked for by ${sender.anonymity.signal}`),
    line('text', `${text.length} characters from ${contentType}`),
    line('unknown', `an unknown outcome is answered ${answer.unknownOutcome}`),
    ...(expiresAtMs === undefined ? [] : [line('expires', new Date(expiresAtMs).toISOString())]),
  ]
}

function decisions(record: ImReceived, policy: Policy, keys: KeyMaker, nowMs: number): Explanation {
  const trail: Verdict[] = []
  const clock = new ServiceCentreClock(policy.timeZone)
  const conversion = convert(record, { policy, keys, clock }, nowMs, trail)
  const verdicts = trail.map(({ question, rule, decision }) =>
    line(question, `${decision?.kind === 'refuse' ? 'refused' : 'passed'} by ${rule}`),
  )
  if (conversion.kind === 'refused') {
    const cause = causeNamed(conversion.report.cause)
    const { status, reasonPhrase, headers } = answerFor(cause, { host: HOST })
    return {
      lines: [
        ...verdicts,
        line('im-to-sms', `refuses with ${status} ${reasonPhrase}: ${cause}, by ${conversion.rule}`),
        ...headers.map(([name, value]) => line('', `${name}: ${value}`)),
      ],
      delivers: false,
    }
  }
  const tpdus = conversion.prepared.tpdus.map((tpdu) => Buffer.from(tpdu, 'base64'))
  const { askHome } = conversion.prepared
  return {
    lines: [
      ...verdicts,
      ...(askHome === undefined ? [] : [line('hss-routing', asking(askHome))]),
      line('encoding', conversion.report.detail ?? ''),
      ...tpdus.flatMap((tpdu, i) => [
        line(`TPDU ${i + 1}`, tpdu.toString('hex')),
        renderTree(decodeDeliver(tpdu).originator, ' '.repeat(WIDTH)),
      ]),
    ],
    delivers: true,
  }
}

function asking({ uri, otherwise }: NonNullable<SmPrepared['askHome']>): string {
  const without = otherwise === 'refuse' ? '403' : 'as below'
  return `asks the HSS for the number of ${uri}; without one ${without}`
}

const WIDTH = 16

function line(what: string, says: string): string {
  return `${what.padEnd(WIDTH)}${says}`
}

import {
  Application,
  encodeDiameter,
  type IncomingRequest,
  MwdStatus,
  type OutgoingAnswer,
} from '@ipsmgw/diameter'
import { conductAt, type NodeKind } from '../behaviour.ts'
import type { RequestLog } from '../request-log.ts'
import type { Subscriber, Subscribers } from '../subscribers.ts'
import { Neighbour, type NeighbourOptions, negative, SUCCESS } from './neighbour.ts'
import { Sh } from './sh.ts'

/** How the HSS names a serving node. */
export interface NodeAddress {
  readonly identity: string
  readonly realm: string
  /** E.164 digits. */
  readonly number: string
}

export interface HssOptions extends NeighbourOptions {
  /** What it says of each kind of node; MSC, SMS router and IP-SM-GW go by their numbers. */
  readonly nodes: Readonly<Record<NodeKind | 'router' | 'ipSmGw', NodeAddress>>
}

export interface HssDependencies {
  readonly subscribers: Subscribers
  readonly log: RequestLog
}

const ALERT_MS = 2_000
const LIST_FULL = { vendorId: 10415, code: 5558 } as const
const UNKNOWN_USER = { vendorId: 10415, code: 5001 } as const

/** HSS: Sh, and S6c (SRR: serving nodes; RDR: taken note of). */
export class Hss {
  readonly #options: HssOptions
  readonly #dependencies: HssDependencies
  readonly #neighbour: Neighbour

  constructor(options: HssOptions, dependencies: HssDependencies) {
    this.#options = options
    this.#dependencies = dependencies
    this.#neighbour = new Neighbour(options, [Application.SH, Application.S6C])
    new Sh(options.identity, { ...dependencies, neighbour: this.#neighbour })
    this.#neighbour.node.handle('SRR', (request) => this.#routing(request))
    this.#neighbour.node.handle('RDR', (request) => this.#deliveryReport(request))
  }

  get port(): number {
    return this.#neighbour.port
  }

  get connected(): boolean {
    return this.#neighbour.connected
  }

  start(): Promise<void> {
    return this.#neighbour.start()
  }

  stop(): Promise<void> {
    return this.#neighbour.stop()
  }

  /** Tells the gateway that a phone can be reached again; resolves to the result code, 0 when there is no answer. */
  async alert(
    msisdn: string,
    gateway: { readonly originHost: string; readonly originRealm: string; readonly serviceCentre: string },
  ): Promise<number> {
    const outcome = await this.#neighbour.node.send(
      'ALR',
      {
        'Destination-Host': gateway.originHost,
        'Destination-Realm': gateway.originRealm,
        'SC-Address': gateway.serviceCentre,
        'User-Identifier': { MSISDN: msisdn },
      },
      { timeoutMs: ALERT_MS },
    )
    return outcome.kind === 'answer' ? outcome.result.code : 0
  }

  #routing({ fields, message }: IncomingRequest<'SRR'>) {
    const { log } = this.#dependencies
    const subscriber = this.#asked(fields)
    const note = log.add({
      node: this.#options.identity,
      command: 'SRR',
      from: fields['Origin-Host'],
      octets: encodeDiameter(message).toString('hex'),
      ...(subscriber !== undefined && { msisdn: subscriber.msisdn, imsi: subscriber.imsi }),
    })
    return this.#neighbour.behave<'SRR'>(
      conductOf(subscriber),
      note,
      () => (subscriber === undefined ? negative(UNKNOWN_USER) : this.#servedBy(subscriber)),
      (result) => ({
        ...negative(result),
        ...(result.diagnostic !== undefined && {
          'MME-Absent-User-Diagnostic-SM': result.diagnostic,
          'MWD-Status':
            MwdStatus['MNRF-Set'] |
            (subscriber?.setting.notNoted === true ? MwdStatus['SC-Address-Not-Included'] : 0),
        }),
      }),
    )
  }

  /** By number, IMSI, or the SIP URI of a user without a number (TS 29.338 §5.3.2.3). */
  #asked(fields: IncomingRequest<'SRR'>['fields']): Subscriber | undefined {
    const { subscribers } = this.#dependencies
    const { MSISDN: msisdn, 'User-Name': imsi, 'SMSMI-Correlation-ID': correlation } = fields
    const uri = correlation?.['Destination-SIP-URI']
    if (uri !== undefined) return subscribers.byIdentity(uri)
    const subscriber = msisdn !== undefined ? subscribers.of(msisdn) : subscribers.byImsi(imsi ?? '')
    return subscriber?.setting.sh?.known === false ? undefined : subscriber
  }

  #servedBy(subscriber: Subscriber): OutgoingAnswer<'SRR'> {
    const { subscribers } = this.#dependencies
    const { nodes } = this.#options
    const { imsi, setting } = subscriber
    if (setting.homeRouting === true)
      return {
        ...SUCCESS,
        'User-Name': subscribers.correlationIdFor(subscriber),
        'Serving-Node': servingNode('msc', nodes.router),
      }
    if (setting.overIms === true)
      return { ...SUCCESS, 'User-Name': imsi, 'Serving-Node': { 'IP-SM-GW-Number': nodes.ipSmGw.number } }
    const kind = subscribers.nodeOf(subscriber)
    const { second } = setting
    return {
      ...SUCCESS,
      'User-Name': imsi,
      'Serving-Node': servingNode(kind, nodes[kind]),
      ...(second !== undefined && { 'Additional-Serving-Node': servingNode(second, nodes[second]) }),
      ...(setting.waiting === true && { 'MWD-Status': MwdStatus['MCEF-Set'] }),
    }
  }

  #deliveryReport({ fields, message }: IncomingRequest<'RDR'>) {
    const msisdn = fields['User-Identifier'].MSISDN
    const { subscribers, log } = this.#dependencies
    const note = log.add({
      node: this.#options.identity,
      command: 'RDR',
      from: fields['Origin-Host'],
      octets: encodeDiameter(message).toString('hex'),
      ...(msisdn !== undefined && { msisdn }),
    })
    const isFull = msisdn !== undefined && subscribers.of(msisdn).setting.listFull === true
    note(isFull ? LIST_FULL.code : SUCCESS['Result-Code'])
    return isFull ? negative(LIST_FULL) : SUCCESS
  }
}

function conductOf(subscriber: Subscriber | undefined) {
  return subscriber === undefined
    ? { conduct: { kind: 'serve' } as const, delayMs: 0 }
    : conductAt(subscriber.setting, 'hss')
}

/** The Serving-Node group of a kind of node (TS 29.338 §5.3.3.6). */
function servingNode(kind: NodeKind, { identity, realm, number }: NodeAddress) {
  switch (kind) {
    case 'mme':
      return { 'MME-Name': identity, 'MME-Realm': realm, 'MME-Number-for-MT-SMS': number }
    case 'sgsn':
      return { 'SGSN-Name': identity, 'SGSN-Realm': realm, 'SGSN-Number': number }
    case 'msc':
      return { 'MSC-Number': number }
  }
}

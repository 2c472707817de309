import {
  type Application,
  type Avp,
  DiameterNode,
  type OutgoingAnswer,
  type RequestName,
  ResultCode,
} from '@ipsmgw/diameter'
import { listenError } from '@ipsmgw/runtime'
import type { Conduct, NegativeResult } from '../behaviour.ts'
import { later } from '../later.ts'
import type { SeenRequest } from '../request-log.ts'

/** A Diameter neighbour of the gateway: who it is and where it listens. */
export interface NeighbourOptions {
  readonly identity: string
  readonly realm: string
  readonly host: string
  /** 0: any free one. */
  readonly port: number
  readonly transport?: 'tcp' | 'sctp'
  /** With SCTP: further addresses of it. */
  readonly furtherHosts?: readonly string[]
  /** Environment variable that sets the port, for the sentence about a busy one. */
  readonly variable?: string
}

/** The lower half of HSS and serving nodes: accepts any gateway, and behaves as the subscriber's setting says. */
export class Neighbour {
  readonly node: DiameterNode
  readonly #options: NeighbourOptions
  readonly #stopping = new AbortController()

  constructor(options: NeighbourOptions, applications: readonly Application[]) {
    const { identity, realm, host, port, transport = 'tcp', furtherHosts = [] } = options
    this.#options = options
    this.node = new DiameterNode({
      originHost: identity,
      originRealm: realm,
      applications,
      listeners: [{ host, port, transport, furtherHosts }],
      unknownPeers: 'accept',
      productName: 'ipsmgw lab',
    })
  }

  async start(): Promise<void> {
    const { identity, host, port, variable = 'another setting' } = this.#options
    try {
      await this.node.start()
    } catch (error) {
      throw listenError(error, `Diameter (${identity})`, host, port, variable)
    }
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.node.stop({ drainMs: 0 })
  }

  get port(): number {
    return this.node.addresses()[0]?.port ?? this.#options.port
  }

  /** Whether a gateway is connected to it. */
  get connected(): boolean {
    return this.node.peers().some(({ state }) => state === 'rOpen')
  }

  /** Answers as told: at once or late, well, badly, or never; `note` is told what left. */
  async behave<M extends RequestName>(
    { conduct, delayMs }: { readonly conduct: Conduct; readonly delayMs: number },
    note: (result: SeenRequest['result']) => void,
    serve: () => OutgoingAnswer<M>,
    refuse: (result: NegativeResult) => OutgoingAnswer<M>,
  ): Promise<OutgoingAnswer<M> | undefined> {
    if (!(await later(delayMs, this.#stopping.signal))) return undefined
    if (conduct.kind === 'silent') {
      note('none')
      return undefined
    }
    if (conduct.kind === 'malformed') {
      note('malformed')
      return MALFORMED as unknown as OutgoingAnswer<M>
    }
    const answer = conduct.kind === 'serve' ? serve() : refuse(conduct.result)
    note(codeOf(answer))
    return answer
  }
}

/** Result-Code of two octets instead of four: an answer without a result that can be read. */
const TRUNCATED_RESULT: Avp = { code: 268, vendorId: 0, mandatory: true, data: Buffer.from([0x07, 0xd1]) }
export const MALFORMED = { AVP: [TRUNCATED_RESULT] } as const

/** The members of a negative answer that every command has. */
export function negative({ vendorId, code }: NegativeResult): NegativeMembers {
  return vendorId === 0
    ? { 'Result-Code': code }
    : { 'Experimental-Result': { 'Vendor-Id': vendorId, 'Experimental-Result-Code': code } }
}

type NegativeMembers =
  | { readonly 'Result-Code': number }
  | { readonly 'Experimental-Result': { 'Vendor-Id': number; 'Experimental-Result-Code': number } }

export const SUCCESS = { 'Result-Code': ResultCode.SUCCESS } as const

function codeOf(answer: { 'Result-Code'?: unknown; 'Experimental-Result'?: unknown }): number {
  const experimental = answer['Experimental-Result'] as { 'Experimental-Result-Code'?: number } | undefined
  return Number(answer['Result-Code'] ?? experimental?.['Experimental-Result-Code'])
}

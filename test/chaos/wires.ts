import type { LabPorts } from '@ipsmgw/test/lab'
import { TcpRelay } from '../support/tcp-relay.ts'

/** What a line leads to. */
export type Side = 'brokers' | 'neighbours'

/** Octets of a Kafka request before its client id: length, API, version, correlation id. */
const CLIENT_ID_AT = 12

/**
 * Everything that a replica says to brokers and to nodes of the network goes through relays, so that its lines, and
 * nobody else's, can be cut or silenced.
 */
export class Wires {
  readonly #brokers: readonly TcpRelay[]
  readonly #neighbours = new Map<string, readonly TcpRelay[]>()

  private constructor(brokers: readonly TcpRelay[]) {
    this.#brokers = brokers
  }

  static async open(brokers: number, replicas: readonly string[]): Promise<Wires> {
    const ownerOf = (first: Buffer) => replicaIn(clientIdIn(first), replicas)
    return new Wires(await Promise.all(Array.from({ length: brokers }, () => TcpRelay.open(ownerOf))))
  }

  /** What brokers say is theirs. */
  get brokerPorts(): readonly number[] {
    return this.#brokers.map(({ port }) => port)
  }

  /** Given once the brokers run: `host:port` of each, with commas. Returns the same with the relays in their place. */
  toBrokers(brokers: string): string {
    for (const [index, broker] of brokers.split(',').entries())
      this.#brokers[index]?.aim(Number(broker.split(':')[1]))
    return this.brokerPorts.map((port) => `127.0.0.1:${port}`).join(',')
  }

  /** Ports of the lab as this replica is to know them. */
  async toNeighbours(replica: string, ports: LabPorts): Promise<LabPorts> {
    const relayed = await Promise.all(
      Object.entries(ports).map(async ([node, port]) => {
        const relay = await TcpRelay.open()
        relay.aim(port)
        return { node, relay }
      }),
    )
    this.#neighbours.set(
      replica,
      relayed.map(({ relay }) => relay),
    )
    return Object.fromEntries(relayed.map(({ node, relay }) => [node, relay.port])) as unknown as LabPorts
  }

  /** Loses the lines of one replica, and refuses new ones. Resolves to how many there were. */
  cut(replica: string, side: Side): number {
    return sum(this.#relays(replica, side).map(({ relay, owner }) => relay.cut(owner)))
  }

  /** The lines stay open and nothing passes. */
  silence(replica: string, side: Side): number {
    return sum(this.#relays(replica, side).map(({ relay, owner }) => relay.silence(owner)))
  }

  mend(replica: string, side: Side): void {
    for (const { relay, owner } of this.#relays(replica, side)) relay.mend(owner)
  }

  async close(): Promise<void> {
    await Promise.all(
      [...this.#brokers, ...[...this.#neighbours.values()].flat()].map((relay) => relay.close()),
    )
  }

  #relays(replica: string, side: Side): { relay: TcpRelay; owner: string }[] {
    if (side === 'brokers') return this.#brokers.map((relay) => ({ relay, owner: replica }))
    return (this.#neighbours.get(replica) ?? []).map((relay) => ({ relay, owner: '' }))
  }
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0)

function clientIdIn(request: Buffer): string {
  if (request.length < CLIENT_ID_AT + 2) return ''
  const lengthOctets = request.readInt16BE(CLIENT_ID_AT)
  return request.toString('utf8', CLIENT_ID_AT + 2, CLIENT_ID_AT + 2 + Math.max(0, lengthOctets))
}

/** Client ids are `ipsmgw-<service>-<pod>.<role>`. */
function replicaIn(clientId: string, replicas: readonly string[]): string {
  return replicas.find((name) => clientId.includes(`-${name}.`)) ?? ''
}

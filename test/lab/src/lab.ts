import type { Part } from '@ipsmgw/runtime'
import type { FastifyInstance } from 'fastify'
import type { NodeKind } from './behaviour.ts'
import { Hss } from './diameter/hss.ts'
import { ServingNode } from './diameter/serving-node.ts'
import { labRoutes } from './http.ts'
import { LastHop } from './last-hop.ts'
import { LAB_NODES, LAB_SIGNALLING, STP } from './nodes.ts'
import { Phones } from './phones.ts'
import { RequestLog } from './request-log.ts'
import { Hlr } from './sigtran/hlr.ts'
import { MapServingNode } from './sigtran/serving-node.ts'
import { type SignallingNetwork, Stp } from './sigtran/stp.ts'
import { Subscribers } from './subscribers.ts'

export interface LabOptions {
  readonly host: string
  /** 0: any free one, see `Lab.ports`. */
  readonly ports: LabPorts
  /** Node of the subscribers that no setting gives one; default: the MSC. */
  readonly defaultNode?: NodeKind
  /** Numbers, digits, that the MME serves from the start. */
  readonly mmeSubscribers?: readonly string[]
}

export interface LabDependencies {
  /** What joins the MAP nodes to the gateway, in place of the lab's own STP. */
  readonly network?: SignallingNetwork
}

/** Ports of the neighbours: Diameter, and M3UA of the STP. */
export interface LabPorts {
  readonly hss: number
  readonly mme: number
  readonly sgsn: number
  readonly stp: number
}

/** A lab: neighbours of the gateway that behave, and misbehave on demand. */
export interface Lab extends Part {
  readonly subscribers: Subscribers
  readonly phones: Phones
  readonly hssLog: RequestLog
  readonly nodesLog: RequestLog
  /** Nodes that speak MAP. */
  readonly map: Readonly<Record<keyof typeof LAB_SIGNALLING, MapServingNode | Hlr>>
  /** Its own STP, unless another network joins the nodes. */
  readonly stp: Stp
  start(): Promise<void>
  stop(): Promise<void>
  /** Ports in use once started. */
  ports(): LabPorts
  /** Whether a gateway is connected to every neighbour. */
  connected(): boolean
  /** An alert of the HSS; resolves to the result code of the answer, 0 without one. */
  alert: Hss['alert']
  /** Adds `/lab/...` to an HTTP server. */
  routes(server: FastifyInstance): void
}

/** Bounds of what is kept: subscribers, messages on phones, requests in each log. */
const MAXIMUM_SUBSCRIBERS = 200_000
const MAXIMUM_MESSAGES = 100_000
const MAXIMUM_LOGGED = 20_000

export function createLab(options: LabOptions, { network }: LabDependencies = {}): Lab {
  const { host, ports, defaultNode, mmeSubscribers = [] } = options
  const subscribers = new Subscribers(MAXIMUM_SUBSCRIBERS, defaultNode)
  for (const msisdn of mmeSubscribers) subscribers.set(msisdn, { behaviour: 'reachable', node: 'mme' })
  const phones = new Phones(MAXIMUM_MESSAGES)
  const hssLog = new RequestLog(MAXIMUM_LOGGED)
  const nodesLog = new RequestLog(MAXIMUM_LOGGED)
  const lastHop = new LastHop({ subscribers, phones })
  const place = (name: 'hss' | 'mme' | 'sgsn') => ({
    ...LAB_NODES[name],
    host,
    port: ports[name],
    variable: `IPSMGW_LAB_${name.toUpperCase()}_PORT`,
  })
  const hss = new Hss({ ...place('hss'), nodes: LAB_NODES }, { subscribers, log: hssLog })
  const mme = new ServingNode({ ...place('mme'), kind: 'mme' }, { lastHop, log: nodesLog })
  const sgsn = new ServingNode({ ...place('sgsn'), kind: 'sgsn' }, { lastHop, log: nodesLog })
  const stp = new Stp({ host, port: ports.stp, ...STP, nodes: Object.values(LAB_SIGNALLING) })
  const signalling = network ?? stp
  const map = mapNodes(signalling, { subscribers, lastHop, hssLog, nodesLog })
  const neighbours = [signalling, hss, mme, sgsn]
  return {
    name: 'lab',
    subscribers,
    phones,
    hssLog,
    nodesLog,
    map,
    stp,
    ports: () => ({ hss: hss.port, mme: mme.port, sgsn: sgsn.port, stp: signalling.port }),
    connected: () => neighbours.every(({ connected }) => connected),
    alert: (msisdn, gateway) => hss.alert(msisdn, gateway),
    routes: (server) => labRoutes(server, { subscribers, phones, hssLog, nodesLog, map }),
    async start() {
      const started: typeof neighbours = []
      try {
        for (const neighbour of neighbours) {
          await neighbour.start()
          started.push(neighbour)
        }
      } catch (error) {
        await Promise.all(started.map((neighbour) => neighbour.stop()))
        throw error
      }
    },
    async stop() {
      lastHop.stop()
      for (const node of Object.values(map)) node.close()
      await Promise.all(neighbours.map((neighbour) => neighbour.stop()))
    },
  }
}

interface MapSurroundings {
  readonly subscribers: Subscribers
  readonly lastHop: LastHop
  readonly hssLog: RequestLog
  readonly nodesLog: RequestLog
}

function mapNodes(network: SignallingNetwork, surroundings: MapSurroundings): Lab['map'] {
  const { subscribers, lastHop, hssLog, nodesLog } = surroundings
  const { hlr, msc, sgsn } = LAB_SIGNALLING
  const numbersOf = Object.fromEntries(
    (['msc', 'mme', 'sgsn', 'router', 'ipSmGw'] as const).map((name) => [name, LAB_NODES[name].number]),
  ) as Record<NodeKind | 'router' | 'ipSmGw', string>
  const serving = (node: typeof msc | typeof sgsn) =>
    new MapServingNode(node, { ...network.join(node), lastHop, log: nodesLog })
  return {
    hlr: new Hlr({ ...hlr, numbersOf }, { ...network.join(hlr), subscribers, log: hssLog }),
    msc: serving(msc),
    sgsn: serving(sgsn),
  }
}

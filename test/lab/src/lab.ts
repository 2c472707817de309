import type { Part } from '@ipsmgw/runtime'
import type { FastifyInstance } from 'fastify'
import { Hss } from './diameter/hss.ts'
import { ServingNode } from './diameter/serving-node.ts'
import { labRoutes } from './http.ts'
import { Phones } from './phones.ts'
import { RequestLog } from './request-log.ts'
import { Subscribers } from './subscribers.ts'

export interface LabOptions {
  readonly host: string
  /** 0: any free one, see `Lab.ports`. */
  readonly ports: LabPorts
}

/** Diameter ports of the neighbours. */
export interface LabPorts {
  readonly hss: number
  readonly mme: number
  readonly sgsn: number
}

/** A lab: neighbours of the gateway that behave, and misbehave on demand. */
export interface Lab extends Part {
  readonly subscribers: Subscribers
  readonly phones: Phones
  readonly hssLog: RequestLog
  readonly nodesLog: RequestLog
  start(): Promise<void>
  stop(): Promise<void>
  /** Ports in use once started. */
  ports(): LabPorts
  /** Whether a gateway is connected to every neighbour. */
  connected(): boolean
  /** Adds `/lab/...` to an HTTP server. */
  routes(server: FastifyInstance): void
}

const REALM = 'lab.invalid'

/** Names and numbers of the lab's nodes, as a gateway's configuration and the HSS give them. */
export const LAB_NODES = {
  hss: { identity: `hss.${REALM}`, realm: REALM },
  mme: { identity: `mme.${REALM}`, realm: REALM, number: '882990000001' },
  sgsn: { identity: `sgsn.${REALM}`, realm: REALM, number: '882990000002' },
  msc: { identity: `msc.${REALM}`, realm: REALM, number: '882990000003' },
} as const

/** Bounds of what is kept: subscribers, messages on phones, requests in each log. */
const MAXIMUM_SUBSCRIBERS = 200_000
const MAXIMUM_MESSAGES = 100_000
const MAXIMUM_LOGGED = 20_000

export function createLab({ host, ports }: LabOptions): Lab {
  const subscribers = new Subscribers(MAXIMUM_SUBSCRIBERS)
  const phones = new Phones(MAXIMUM_MESSAGES)
  const hssLog = new RequestLog(MAXIMUM_LOGGED)
  const nodesLog = new RequestLog(MAXIMUM_LOGGED)
  const place = (name: keyof LabPorts) => ({
    ...LAB_NODES[name],
    host,
    port: ports[name],
    variable: `IPSMGW_LAB_${name.toUpperCase()}_PORT`,
  })
  const hss = new Hss({ ...place('hss'), nodes: LAB_NODES }, { subscribers, log: hssLog })
  const mme = new ServingNode(place('mme'), { subscribers, phones, log: nodesLog })
  const sgsn = new ServingNode(place('sgsn'), { subscribers, phones, log: nodesLog })
  const neighbours = [hss, mme, sgsn]
  return {
    name: 'lab',
    subscribers,
    phones,
    hssLog,
    nodesLog,
    ports: () => ({ hss: hss.port, mme: mme.port, sgsn: sgsn.port }),
    connected: () => neighbours.every(({ connected }) => connected),
    routes: (server) => labRoutes(server, { subscribers, phones, hssLog, nodesLog }),
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
      await Promise.all(neighbours.map((neighbour) => neighbour.stop()))
    },
  }
}

import type { LabPorts } from './lab.ts'
import { LAB_GATEWAYS, LAB_NODES, STP_POINT_CODE } from './nodes.ts'

/** Settings of a gateway that stands in the lab, without the peers, whose ports are known once the lab runs. */
export const LAB_GATEWAY = {
  diameter: { originHost: 'ipsmgw.lab.invalid', originRealm: LAB_NODES.hss.realm },
  routing: { hssRealm: LAB_NODES.hss.realm, serviceCentre: '882990000000' },
} as const

/** `diameter.peers` of that gateway: everybody is a direct neighbour, the HSS is the way into the realm. */
export function labPeers(host: string, ports: Omit<LabPorts, 'stp'>) {
  const { hss, mme, sgsn } = LAB_NODES
  return [
    { identity: hss.identity, host, port: ports.hss, realms: [hss.realm], priority: 1 },
    { identity: mme.identity, host, port: ports.mme, realms: [], priority: 1 },
    { identity: sgsn.identity, host, port: ports.sgsn, realms: [], priority: 1 },
  ]
}

/** `sigtran.links` of that gateway. */
export function labLinks(host: string, { stp }: Pick<LabPorts, 'stp'>) {
  return [{ name: 'stp', hosts: [host], port: stp, localAddresses: [] }]
}

/** `sigtran` of that gateway: M3UA over TCP to the STP of the lab, which translates all global titles. */
export function labSigtran(host: string, ports: Pick<LabPorts, 'stp'>) {
  return {
    transport: 'tcp',
    links: labLinks(host, ports),
    instances: LAB_GATEWAYS,
    destinations: [STP_POINT_CODE],
  } as const
}

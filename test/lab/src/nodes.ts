import { Ssn } from '@ipsmgw/sccp'
import { pointCodeOf } from '@ipsmgw/sigtran'
import type { NodeKind } from './behaviour.ts'
import type { SignallingNode } from './sigtran/nodes.ts'

const REALM = 'lab.invalid'

/** Names and numbers of the lab's nodes, as a gateway's configuration, HSS and HLR give them. */
export const LAB_NODES = {
  hss: { identity: `hss.${REALM}`, realm: REALM },
  mme: { identity: `mme.${REALM}`, realm: REALM, number: '882990000001' },
  sgsn: { identity: `sgsn.${REALM}`, realm: REALM, number: '882990000002' },
  msc: { identity: `msc.${REALM}`, realm: REALM, number: '882990000003' },
  /** SMS router of a home network that hides its nodes. */
  router: { identity: `router.${REALM}`, realm: REALM, number: '882990000004' },
  hlr: { identity: `hlr.${REALM}`, realm: REALM, number: '882990000005' },
  /** Another IP-SM-GW than the one under test; nobody plays it. */
  ipSmGw: { identity: `other-ipsmgw.${REALM}`, realm: REALM, number: '882990000006' },
} as const

const { hlr, msc, sgsn, mme, router } = LAB_NODES

/** The same in the signalling network. The MSC is also called by the numbers of the MME and of the SMS router. */
export const LAB_SIGNALLING = {
  /** Asked for every number there is. */
  hlr: {
    identity: hlr.identity,
    pointCode: pointCodeOf('1.3.3'),
    subsystem: Ssn.hlr,
    number: hlr.number,
  },
  msc: {
    identity: msc.identity,
    pointCode: pointCodeOf('1.3.1'),
    subsystem: Ssn.msc,
    number: msc.number,
    numbers: [msc.number, mme.number, router.number],
    kinds: { [mme.number]: 'mme' },
  },
  sgsn: {
    identity: sgsn.identity,
    pointCode: pointCodeOf('1.3.2'),
    subsystem: Ssn.sgsn,
    number: sgsn.number,
    numbers: [sgsn.number],
    kinds: { [sgsn.number]: 'sgsn' },
  },
} as const satisfies Record<string, SignallingNode & { kinds?: Record<string, NodeKind> }>

/** Gateways that the STP of the lab knows, by their ordinal. */
export const LAB_GATEWAYS = Array.from({ length: 8 }, (_, ordinal) => ({
  pointCode: `1.1.${ordinal}`,
  globalTitle: String(882_990_000_100 + ordinal),
  routingContext: 100 + ordinal,
}))

/** As settings write it. */
export const STP_POINT_CODE = '1.2.1'

export const STP = {
  pointCode: pointCodeOf(STP_POINT_CODE),
  gateways: LAB_GATEWAYS.map(({ pointCode, ...rest }) => ({
    ...rest,
    pointCode: pointCodeOf(pointCode),
  })),
} as const

import type { M3uaEvent } from '@ipsmgw/m3ua'
import type { IpaEvent, SccpEvent } from '@ipsmgw/sccp'
import type { TcapEvent } from '@ipsmgw/tcap'
import { counter, Gauge, gauge, type Logger, type Registry, rateLimited } from '@ipsmgw/telemetry'
import type { SigtranEvent, SigtranStack } from './stack.ts'

type LinkEvent = M3uaEvent['kind'] | IpaEvent['kind']
const LINK_EVENTS = {
  associationUp: false,
  associationDown: false,
  connectFailed: 'no association to an STP',
  active: false,
  inactive: false,
  refused: 'the STP refuses our application server',
  ackTimeout: 'the STP does not answer in time',
  heartbeatLost: 'a heartbeat was not answered',
  errorReceived: 'the STP reports an error',
  malformed: 'octets that do not decode',
  dropped: false,
  up: false,
  down: false,
  pingLost: 'a ping was not answered',
  setupTimeout: 'the STP does not accept our unit',
} as const satisfies Record<LinkEvent, string | false>

const SCCP_EVENTS = {
  malformed: true,
  returned: true,
  refused: true,
  subsystemProhibited: true,
  subsystemAllowed: true,
  undelivered: true,
} as const satisfies Record<SccpEvent['kind'], true>

const TCAP_EVENTS = {
  begun: true,
  accepted: true,
  refusedFull: true,
  unknownTransaction: true,
  foreignTransaction: true,
  undecodable: true,
  discarded: true,
  componentRejected: true,
  returned: true,
  timeout: true,
} as const satisfies Record<TcapEvent, true>

const kindsOf = <K extends string>(table: Readonly<Record<K, unknown>>) => Object.keys(table) as K[]

/** Counts what happens in the layers, tells which paths carry traffic, and logs what an operator acts upon. */
export function createSigtranReport(
  registry: Registry,
  logger: Logger,
  paths: readonly string[],
): (event: SigtranEvent) => void {
  const links = counter(
    registry,
    'ipsmgw_sigtran_link_events_total',
    'Events at associations to STPs, by kind',
    {
      kind: kindsOf(LINK_EVENTS),
    },
  )
  const sccp = counter(registry, 'ipsmgw_sccp_events_total', 'Events of the SCCP, by kind', {
    kind: kindsOf(SCCP_EVENTS),
  })
  const tcap = counter(registry, 'ipsmgw_tcap_events_total', 'Events of the TCAP, by kind', {
    kind: kindsOf(TCAP_EVENTS),
  })
  const active = new Gauge({
    name: 'ipsmgw_sigtran_path_active',
    help: 'Whether an association may carry traffic (1) or not (0)',
    labelNames: ['path'],
    registers: [registry],
  })
  for (const path of paths) active.set({ path }, 0)
  const warn = rateLimited((fields, sentence) => logger.warn(fields, sentence))
  const onLink = (layer: string, path: string, kind: LinkEvent, detail: object) => {
    links.inc({ kind })
    const fields = { interface: layer, peer: path, ...detail }
    if (kind === 'active' || kind === 'up') {
      active.set({ path }, 1)
      logger.info(fields, 'signalling path is active')
    } else if (ENDS.has(kind)) {
      // An association that never carried traffic tells so by its failed attempts.
      if (kind !== 'associationDown') logger.warn(fields, 'signalling path is not active')
      active.set({ path }, 0)
    } else if (LINK_EVENTS[kind] !== false) warn({ ...fields, kind }, `SIGTRAN: ${LINK_EVENTS[kind]}`)
  }
  return (told) => {
    switch (told.layer) {
      case 'm3ua':
        onLink('m3ua', told.event.path, told.event.kind, detailOf(told.event))
        break
      case 'ipa':
        onLink('ipa', told.path, told.event.kind, detailOf(told.event))
        break
      case 'sccp':
        sccp.inc({ kind: told.event.kind })
        logger.debug({ interface: 'sccp', ...told.event }, 'SCCP event')
        break
      case 'tcap':
        tcap.inc({ kind: told.event })
        break
    }
  }
}

const ENDS: ReadonlySet<LinkEvent> = new Set(['inactive', 'associationDown', 'down'])

/** Open dialogues, read when somebody looks. */
export function createSigtranGauges(registry: Registry, { tcap }: Pick<SigtranStack, 'tcap'>): void {
  gauge(registry, 'ipsmgw_tcap_dialogues', 'Open dialogues', () => tcap.size)
}

function detailOf(event: M3uaEvent | IpaEvent): object {
  const { kind: _kind, ...rest } = event
  if (!('error' in rest)) return rest
  return { detail: rest.error?.message }
}

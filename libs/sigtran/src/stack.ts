import { M3uaEndpoint, type M3uaEvent, type MtpService, TrafficMode } from '@ipsmgw/m3ua'
import {
  CONTEXTS,
  type ContextName,
  MapClient,
  type MapHandlers,
  MapServer,
  type MapVersion,
} from '@ipsmgw/map'
import {
  type IpaEvent,
  IpaLink,
  SccpAddress,
  SccpEndpoint,
  type SccpEvent,
  type UnitDataIndication,
} from '@ipsmgw/sccp'
import { Tcap, type TcapEvent } from '@ipsmgw/tcap'
import { pointCodeOf } from './point-code.ts'
import type { SigtranSettings } from './settings.ts'

export interface SigtranStackOptions {
  /** Index of this replica. */
  readonly ordinal: number
  /** Operations that others may ask of us. */
  readonly handlers?: MapHandlers
}

/** What happens in any of the layers, for counters and logs. Holds no user data. */
export type SigtranEvent =
  | { readonly layer: 'm3ua'; readonly event: M3uaEvent }
  | { readonly layer: 'ipa'; readonly path: string; readonly event: IpaEvent }
  | { readonly layer: 'sccp'; readonly event: SccpEvent }
  | { readonly layer: 'tcap'; readonly event: TcapEvent }

export interface SigtranStackDependencies {
  onEvent(event: SigtranEvent): void
  /** An exception out of this process's own code above the stack. */
  onFault(error: unknown): void
  random32(): number
  now(): number
  /** A message for the dialogue of another replica: true when it is on its way there. */
  foreign?(ordinal: number, indication: UnitDataIndication): boolean
}

/** MAP with everything below it. */
export interface SigtranStack {
  readonly map: MapClient
  readonly tcap: Tcap
  readonly mtp: MtpService
  /** Own number: an answer that names it is a loop. */
  readonly globalTitle: string
  start(): void
  /** Ends open dialogues, then ASPIA, ASPDN and an orderly close. */
  stop(): Promise<void>
}

/** As many as the ordinals of replicas need. */
const INSTANCE_BITS = 5
/** IPA carries no point codes: whatever stands here, the STP decides. */
const IPA_DESTINATIONS = [0]

/** Puts the layers together; nothing is opened before `start`. Throws RangeError for settings that `checkSigtran` refuses. */
export function createSigtranStack(
  settings: SigtranSettings,
  { ordinal, handlers = {} }: SigtranStackOptions,
  dependencies: SigtranStackDependencies,
): SigtranStack {
  const { onEvent, onFault, random32, now, foreign } = dependencies
  const instance = instanceOf(settings, ordinal)
  const mtp =
    settings.transport === 'ipa' ? ipaLink(settings, instance, onEvent) : m3ua(settings, instance, onEvent)
  const sccp = sccpEndpoint(settings, instance, mtp, onEvent)
  const localAddress = SccpAddress.e164(instance.globalTitle, settings.subsystem)
  const tcap = new Tcap(
    { localAddress, instanceBits: INSTANCE_BITS, instance: ordinal, maxDialogues: settings.maximumDialogues },
    {
      sccp,
      now,
      random32,
      onFault,
      onEvent: (event) => onEvent({ layer: 'tcap', event }),
      ...(foreign !== undefined && { foreign }),
    },
  )
  tcap.bind(settings.subsystem, new MapServer({}, { handlers, onFault }))
  return {
    map: new MapClient({ newest: newestOf(settings.newestVersion) }, { tcap, now }),
    tcap,
    mtp,
    globalTitle: instance.globalTitle,
    start: () => mtp.start(),
    async stop() {
      tcap.close()
      sccp.close()
      await mtp.stop()
    },
  }
}

type Instance = SigtranSettings['instances'][number]
type OnEvent = SigtranStackDependencies['onEvent']

function instanceOf({ instances }: SigtranSettings, ordinal: number): Instance {
  const instance = instances[ordinal]
  if (instance === undefined) throw new RangeError(`sigtran.instances has no entry for ordinal ${ordinal}`)
  return instance
}

function m3ua(settings: SigtranSettings, instance: Instance, onEvent: OnEvent): M3uaEndpoint {
  const { transport, trafficMode, networkIndicator, networkAppearance, register, doubleExchange } = settings
  const { routingContext, aspIdentifier } = instance
  return new M3uaEndpoint(
    {
      paths: settings.links.map((link) => pathOf(link, transport === 'tcp')),
      applicationServers: [
        {
          pointCode: pointCodeOf(instance.pointCode),
          register,
          ...(routingContext !== undefined && { routingContext }),
          ...(trafficMode !== undefined && { trafficMode: TrafficMode[trafficMode] }),
        },
      ],
      networkIndicator,
      doubleExchange,
      timers: { heartbeatMs: settings.heartbeatMs },
      ...(networkAppearance !== undefined && { networkAppearance }),
      ...(aspIdentifier !== undefined && { aspIdentifier }),
    },
    { onEvent: (event) => onEvent({ layer: 'm3ua', event }) },
  )
}

type Link = SigtranSettings['links'][number]
type Path = ConstructorParameters<typeof M3uaEndpoint>[0]['paths'][number]

function pathOf(link: Link, overTcp: boolean): Path {
  const { name, hosts, port, localAddresses, localPort } = link
  if (overTcp) return { name, ...tcpOf(link) }
  return {
    name,
    transport: 'sctp',
    hosts,
    port,
    ...(localAddresses.length > 0 && { localAddresses }),
    ...(localPort !== undefined && { localPort }),
  }
}

function tcpOf({ hosts, port, localAddresses, localPort }: Link) {
  const [localAddress] = localAddresses
  return {
    transport: 'tcp' as const,
    host: hosts[0] ?? '',
    port,
    ...(localAddress !== undefined && { localAddress }),
    ...(localPort !== undefined && { localPort }),
  }
}

function ipaLink(settings: SigtranSettings, { unitName = '' }: Instance, onEvent: OnEvent): IpaLink {
  const [link] = settings.links
  if (link === undefined) throw new RangeError('sigtran.links is empty')
  const options = {
    connect: tcpOf(link),
    unitName,
    ...(settings.heartbeatMs > 0 && { pingMs: settings.heartbeatMs }),
  }
  return new IpaLink(options, { onEvent: (event) => onEvent({ layer: 'ipa', path: link.name, event }) })
}

function sccpEndpoint(
  settings: SigtranSettings,
  instance: Instance,
  mtp: MtpService,
  onEvent: OnEvent,
): SccpEndpoint {
  const destinations = settings.destinations.map(pointCodeOf)
  const defaultDestinations = settings.transport === 'ipa' ? IPA_DESTINATIONS : destinations
  const translations = settings.translations.map((it) => ({
    ...it,
    destinations: it.destinations.map(pointCodeOf),
  }))
  return new SccpEndpoint(
    {
      pointCode: pointCodeOf(instance.pointCode),
      routing: { defaultDestinations, defaultMode: settings.destinationMode, translations },
      longestMessageOctets: settings.longestMessageOctets,
      segmentation: settings.segmentation,
    },
    { mtp, onEvent: (event) => onEvent({ layer: 'sccp', event }) },
  )
}

/** No context begins with more than this, nor with more than it has. */
function newestOf(version: MapVersion): Partial<Record<ContextName, MapVersion>> {
  const names = Object.keys(CONTEXTS) as ContextName[]
  return Object.fromEntries(names.map((name) => [name, Math.min(version, CONTEXTS[name].newest)])) as Record<
    ContextName,
    MapVersion
  >
}

import {
  type DiameterNode,
  type Fields,
  type IncomingRequest,
  type OutgoingAnswer,
  ResultCode,
  result,
  SmsGmscAlertEvent,
} from '@ipsmgw/diameter'
import type { SmsmiCorrelation } from '@ipsmgw/events'
import type { Argument, MapAnswer, MapHandlers, MapRequest } from '@ipsmgw/map'
import type { Alerts } from './alerts.ts'
import { publicIdentityOf } from './sh/public-identity.ts'

/** Between the era of the times in MAP, 1900, and that of the clock. */
const SECONDS_1900_TO_1970 = 2_208_988_800

/** Serves ALR of the HSS, and of MME and SGSN, which come over the same application (TS 29.338 §5.2.2). */
export function serveAlerts(node: Pick<DiameterNode, 'handle'>, alerts: Alerts): void {
  node.handle('ALR', (request) => overDiameter(request, alerts))
}

async function overDiameter(
  { fields, message }: IncomingRequest<'ALR'>,
  alerts: Alerts,
): Promise<OutgoingAnswer<'ALR'>> {
  const { MSISDN: msisdn, 'User-Name': name } = fields['User-Identifier']
  const correlation = correlationOf(fields['SMSMI-Correlation-ID'])
  // Beside a correlation id User-Name may be the HSS-ID, as in SRR.
  const imsi = name !== correlation?.hssId && IMSI.test(name ?? '') ? name : undefined
  const until = fields['Maximum-UE-Availability-Time']
  const event = fields['SMS-GMSC-Alert-Event'] ?? 0
  const taken = alerts.take({
    protocol: 's6c',
    identity: `${fields['Origin-Host'].toLowerCase()} ${message.endToEndId}`,
    serviceCentre: fields['SC-Address'],
    ...(msisdn !== undefined && { msisdn }),
    ...(imsi !== undefined && { imsi }),
    ...(correlation !== undefined && { correlation }),
    ...(until !== undefined && { untilMs: until.getTime() }),
    newNode: (event & SmsGmscAlertEvent['UE-Under-New-Serving-Node']) !== 0,
  })
  switch (await taken.catch(() => 'failed' as const)) {
    case 'taken':
    case 'repeated':
      return result(ResultCode.SUCCESS)
    case 'other-service-centre':
      return result(ResultCode.INVALID_AVP_VALUE)
    case 'nobody':
      return result(ResultCode.MISSING_AVP)
    case 'failed':
      // It is not safe yet: whoever sent it keeps it.
      return result(ResultCode.UNABLE_TO_COMPLY)
  }
}

const IMSI = /^[0-9]{5,15}$/
const LONGEST_URI = 2_048
const LONGEST_HSS_ID = 255

/** What an HSS gives back of a message to a user without a number; without the recipient's URI it names nobody. */
function correlationOf(id: Fields<'ALR'>['SMSMI-Correlation-ID']): SmsmiCorrelation | undefined {
  const { 'HSS-ID': hssId, 'Originating-SIP-URI': from, 'Destination-SIP-URI': to } = id ?? {}
  if (!hssId || !to || hssId.length > LONGEST_HSS_ID || to.length > LONGEST_URI) return undefined
  const told = from !== undefined && from.length <= LONGEST_URI
  return { hssId, ...(told && { originatingUri: from }), destinationUri: publicIdentityOf(to) }
}

/** Serves alertServiceCentre of an HLR, and the form without result of version 1 (TS 29.002 §12.5). */
export function mapAlertHandlers(alerts: Alerts, now: () => number = Date.now): MapHandlers {
  return {
    async alertServiceCentre(argument, request) {
      return (await overMap(argument, request, alerts, now)) ? { kind: 'result' } : REFUSED
    },
    async alertServiceCentreWithoutResult(argument, request) {
      await overMap(argument, request, alerts, now)
      return { kind: 'end' }
    },
  }
}

const REFUSED: MapAnswer<'alertServiceCentre'> = { kind: 'error', error: { error: 'unexpectedDataValue' } }

/** Throws when the event is not durable: the HLR gets systemFailure, and keeps the alert. */
async function overMap(
  argument: Argument<'alertServiceCentre'>,
  { calling, dialogueId }: MapRequest,
  alerts: Alerts,
  now: () => number,
): Promise<boolean> {
  const { msisdn, serviceCentreAddress, imsi, maximumUeAvailabilityTime: until } = argument
  const verdict = await alerts.take({
    protocol: 'map',
    // MAP copies nothing below: what comes again in another dialogue is another alert.
    identity: `${calling.key()} ${dialogueId} ${now()}`,
    serviceCentre: serviceCentreAddress.digits,
    msisdn: msisdn.digits,
    ...(imsi !== undefined && { imsi }),
    ...(until !== undefined && {
      untilMs: (Buffer.from(until).readUInt32BE() - SECONDS_1900_TO_1970) * 1_000,
    }),
    newNode: NEW_NODE.some((name) => argument[name] !== undefined),
  })
  return verdict === 'taken' || verdict === 'repeated'
}

const NEW_NODE = [
  'newSgsnNumber',
  'newSgsnDiameterAddress',
  'newMmeNumber',
  'newMmeDiameterAddress',
  'newMscNumber',
] as const

import { DecodeError } from '@ipsmgw/bytes'
import { decodeDiameter, describeDiameter } from '@ipsmgw/diameter'
import { parseCpim } from '@ipsmgw/im'
import { parseDatagram, SipParseError, SipRequest, utf8View } from '@ipsmgw/sip'
import { decodeDeliver, decodeDeliverReport, formatServiceCentreTime } from '@ipsmgw/sms'
import { describeM3ua, describeMap, describeSccp, describeTcap } from './sigtran.ts'

export interface Decoder {
  readonly summary: string
  /** Throws DecodeError. */
  decode(octets: Buffer): unknown
}

/** What `ipsmgw decode` knows, by its name on the command line. */
export const decoders: Readonly<Record<string, Decoder>> = {
  sip: { summary: 'SIP request or response', decode: decodeSip },
  cpim: { summary: 'message/cpim body (RFC 3862)', decode: decodeCpim },
  sms: { summary: 'SMS-DELIVER TPDU (TS 23.040)', decode: decodeSms },
  'sms-report': {
    summary: 'SMS-DELIVER-REPORT TPDU, either form',
    decode: (octets) => decodeDeliverReport(octets),
  },
  diameter: {
    summary: 'Diameter message (base, Sh, S6c, SGd)',
    decode: (octets) => describeDiameter(decodeDiameter(octets)),
  },
  m3ua: { summary: 'M3UA message (RFC 4666), with SCCP, TCAP, MAP and SMS inside', decode: describeM3ua },
  sccp: { summary: 'SCCP message (Q.713), with TCAP, MAP and SMS inside', decode: describeSccp },
  tcap: { summary: 'TCAP message (Q.773), parameters as octets', decode: describeTcap },
  map: { summary: 'TCAP message with its MAP operations (TS 29.002) and SMS', decode: describeMap },
}

function decodeSip(octets: Buffer): unknown {
  try {
    const message = parseDatagram(octets)
    const start =
      message instanceof SipRequest
        ? { method: message.method, requestUri: utf8View(message.uriText) }
        : { status: message.status, reason: utf8View(message.reason) }
    const headers = [...message.headers].map(([name, value]) => `${name}: ${utf8View(value)}`)
    return { ...start, headers, body: message.body.toString('utf8') }
  } catch (error) {
    if (!(error instanceof SipParseError)) throw error
    throw new DecodeError('SIP', error.what, error.offset, 'invalid', error.detail, { cause: error })
  }
}

function decodeCpim(octets: Buffer): unknown {
  return parseCpim(octets)
}

function decodeSms(octets: Buffer): unknown {
  const deliver = decodeDeliver(octets)
  return { ...deliver, serviceCentreTime: formatServiceCentreTime(deliver.serviceCentreTime) }
}

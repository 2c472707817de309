import type { HomeGrant } from '@ipsmgw/policy'
import { readXml } from './xml.ts'

/** IMSUserState (TS 29.328 §7.6.6). */
const IMS_STATES = [
  'not-registered',
  'registered',
  'unregistered-services',
  'authentication-pending',
] as const
export type ImsState = (typeof IMS_STATES)[number]

/** What a Sh-Data document says of a user; what it does not say is absent. */
export interface UserData {
  /** In their order, with `+`. */
  readonly numbers: readonly string[]
  readonly imsi?: string
  readonly imsState?: ImsState
  /** Of the repository data that was asked for. */
  readonly grant?: HomeGrant
}

const MSISDN = /^\+?[1-9][0-9]{4,14}$/
const IMSI = /^[0-9]{5,15}$/
/** Root of the service data of this gateway, and its answer (docs/protocols/service-data.xsd). */
const SERVICE_ELEMENT = 'IpSmGw'
const GRANT_ELEMENT = 'ImToSms'

type Draft = { -readonly [Key in keyof UserData]?: UserData[Key] }

/**
 * Reads Sh-Data (TS 29.328 annex C) by local names: newer releases nest their additions, anything unknown is passed
 * over. Repository data count where their Service-Indication is the one given. Throws `DecodeError` for what is no such
 * document.
 */
export function readUserData(octets: Buffer, serviceIndication?: string): UserData {
  const numbers: string[] = []
  const draft: Draft = {}
  let repository: { indication?: string; grant?: HomeGrant } = {}
  readXml(octets, (path, source) => {
    const text = source.trim()
    const name = path.at(-1)
    const service = path.indexOf('ServiceData')
    if (service !== -1) {
      // Service data are anybody's XML: of it our own element alone is read.
      const ours = path.length === service + 3 && path[service + 1] === SERVICE_ELEMENT
      if (ours && name === GRANT_ELEMENT) repository.grant = grantOf(text, repository.grant)
    } else if (name === 'ServiceIndication') repository.indication = text
    else if (name === 'RepositoryData') {
      const { indication, grant } = repository
      if (indication === serviceIndication && grant !== undefined) draft.grant = grant
      repository = {}
    } else if (name === 'MSISDN' && path.includes('PublicIdentifiers')) {
      if (MSISDN.test(text)) numbers.push(text.startsWith('+') ? text : `+${text}`)
    } else if (name === 'IMSI' && path.includes('Extension')) {
      if (IMSI.test(text)) draft.imsi = text
    } else if (name === 'IMSUserState' && path.includes('Sh-IMS-Data')) {
      const state = IMS_STATES[Number.parseInt(text, 10)]
      if (state !== undefined) draft.imsState = state
    }
  })
  return { numbers, ...draft }
}

/** Anything but the one word is no grant, and neither are two words. */
function grantOf(text: string, before: HomeGrant | undefined): HomeGrant {
  return text === 'allowed' && before !== 'refused' ? 'granted' : 'refused'
}

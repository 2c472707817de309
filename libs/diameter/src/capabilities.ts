import { decodeDiameter } from './codec.ts'
import { Application, VENDOR_3GPP } from './dictionary/applications.ts'
import type { Fields } from './dictionary/definitions.ts'
import { MESSAGES } from './dictionary/messages.ts'
import { value, values } from './fields.ts'
import type { DiameterMessage } from './messages.ts'
import { isSuccess, resultOf } from './results.ts'

/** What a node says about itself. */
export interface LocalNode {
  readonly originHost: string
  readonly originRealm: string
  readonly originStateId: number
  readonly productName: string
  readonly applications: readonly number[]
}

/** Members of CER, and with a Result-Code of CEA (RFC 6733 §5.3.1). */
export function capabilities(local: LocalNode, addresses: readonly string[]): Fields<'CER'> {
  return {
    'Origin-Host': local.originHost,
    'Origin-Realm': local.originRealm,
    'Host-IP-Address': addresses,
    'Vendor-Id': VENDOR_3GPP,
    'Product-Name': local.productName,
    'Origin-State-Id': local.originStateId,
    'Supported-Vendor-Id': [VENDOR_3GPP],
    ...(local.applications.includes(Application.RELAY) && { 'Auth-Application-Id': [Application.RELAY] }),
    'Vendor-Specific-Application-Id': local.applications
      .filter((id) => id !== Application.RELAY)
      .map(vendorSpecificApplication),
  }
}

/** The AVP that names an application of 3GPP in every message. */
export function vendorSpecificApplication(
  applicationId: number,
): Fields<'UDR'>['Vendor-Specific-Application-Id'] {
  return { 'Vendor-Id': VENDOR_3GPP, 'Auth-Application-Id': applicationId }
}

/** Applications that both sides have (RFC 6733 §5.3): the relay application on one side stands for all. */
export function commonApplications(own: readonly number[], theirs: readonly number[]): number[] {
  if (theirs.includes(Application.RELAY)) return [...own]
  if (own.includes(Application.RELAY)) return [...theirs]
  return own.filter((id) => theirs.includes(id))
}

/** Applications that a CER or CEA advertises, in either of their forms. */
export function advertisedApplications(message: DiameterMessage): number[] {
  const vendorSpecific = values(message, 'Vendor-Specific-Application-Id')
  return [
    ...values(message, 'Auth-Application-Id'),
    ...vendorSpecific.map((it) => it['Auth-Application-Id']).filter((id) => id !== undefined),
  ]
}

/** Whether a peer may be used: the applications in common, or what is wrong. */
export type Verdict =
  | { readonly kind: 'good'; readonly applications: readonly number[] }
  | { readonly kind: 'bad'; readonly detail: string }

/** Checks the first message after our CER. `identity` in lower case guards against crossed wiring. */
export function checkCea(octets: Buffer, local: LocalNode, identity: string): Verdict {
  const bad = (detail: string): Verdict => ({ kind: 'bad', detail })
  const message = decodeDiameter(octets)
  if (message.request || message.commandCode !== MESSAGES.CEA.code)
    return bad(`command ${message.commandCode} instead of CEA`)
  const result = resultOf(message)
  if (result === undefined || !isSuccess(result)) return bad(`CEA with ${result?.code ?? 'no result'}`)
  const host = value(message, 'Origin-Host')
  if (host?.toLowerCase() !== identity) return bad(`CEA of ${host ?? 'nobody'}`)
  const applications = commonApplications(local.applications, advertisedApplications(message))
  return applications.length === 0 ? bad('no common application') : { kind: 'good', applications }
}

import { ErrorCode } from './messages.ts'

/** What an ASP does about an ERR (RFC 4666 §3.8.1). */
export type ErrorAction =
  | 'asp' // the SGP does not take this ASP: leave, come back later
  | 'traffic' // it does not take an application server: the others live on, ask again later
  | 'blocking' // the ASP while it comes up, else its traffic
  | 'destination' // it does not know the state of a destination
  | 'report' // one message was lost; nothing changes

export const ERROR_ACTIONS = {
  invalidVersion: 'asp',
  unsupportedMessageClass: 'report',
  unsupportedMessageType: 'report',
  unsupportedTrafficMode: 'traffic',
  unexpectedMessage: 'report',
  protocolError: 'report',
  invalidStreamIdentifier: 'report',
  refusedManagementBlocking: 'blocking',
  aspIdentifierRequired: 'asp',
  invalidAspIdentifier: 'asp',
  invalidParameterValue: 'report',
  parameterFieldError: 'report',
  unexpectedParameter: 'report',
  destinationStatusUnknown: 'destination',
  invalidNetworkAppearance: 'traffic',
  missingParameter: 'report',
  invalidRoutingContext: 'traffic',
  noConfiguredAs: 'traffic',
} as const satisfies Record<keyof typeof ErrorCode, ErrorAction>

export type ErrorName = keyof typeof ErrorCode

/** Name of a code; undefined for one of the future, which only counts. */
export function errorName(code: number): ErrorName | undefined {
  return NAMES.get(code)
}

export function errorAction(code: number): ErrorAction {
  const name = NAMES.get(code)
  return name === undefined ? 'report' : ERROR_ACTIONS[name]
}

const NAMES: ReadonlyMap<number, ErrorName> = new Map(
  (Object.keys(ErrorCode) as ErrorName[]).map((name) => [ErrorCode[name], name]),
)

import { DecodeError } from '@ipsmgw/bytes'
import { type DialogueFailure, PAbortCause, ProviderDiagnostic, UserDiagnostic } from '@ipsmgw/tcap'
import { decodeDialoguePdu } from './dialogue.ts'
import { type ApplicationContext, contextOf, type MapVersion } from './messages.ts'

/**
 * The version to try after a failure (TS 29.002 §5.4); undefined when the failure is no matter of the version. Only a
 * first answer can be one.
 */
export function nextVersion(offered: ApplicationContext, failure: DialogueFailure): MapVersion | undefined {
  if (failure.established || offered.version === 1) return undefined
  // A node of version 1 knows no dialogue portion and calls the message incorrect.
  if (failure.kind === 'providerAbort')
    return failure.cause === PAbortCause.incorrectTransactionPortion ? 1 : undefined
  if (failure.kind !== 'refused') return undefined
  const { diagnostic, applicationContext, userInformation } = failure.aare
  if (diagnostic.source === 'provider')
    return diagnostic.code === ProviderDiagnostic.noCommonDialoguePortion ? 1 : undefined
  const alternative = lower(offered, alternativeOf(userInformation)) ?? lower(offered, applicationContext)
  if (alternative !== undefined) return alternative
  return diagnostic.code === UserDiagnostic.contextNotSupported ? below(offered.version) : undefined
}

function alternativeOf(userInformation: Parameters<typeof decodeDialoguePdu>[0]): string | undefined {
  try {
    const pdu = decodeDialoguePdu(userInformation)
    return pdu?.pdu === 'refuse' ? pdu.alternativeApplicationContext : undefined
  } catch (error) {
    // What the peer adds to its refusal does not undo the refusal.
    if (error instanceof DecodeError) return undefined
    throw error
  }
}

/** The version of a context that the peer names, when it is an older one of the same. */
function lower(offered: ApplicationContext, oid: string | undefined): MapVersion | undefined {
  const named = oid === undefined ? undefined : contextOf(oid)
  return named?.name === offered.name && named.version < offered.version ? named.version : undefined
}

function below(version: MapVersion): MapVersion {
  return version === 3 ? 2 : 1
}

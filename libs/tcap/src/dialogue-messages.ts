import {
  AssociateResult,
  type DialogueApdu,
  type ReceivedComponent,
  type ReceivedMessage,
  type TcapMessage,
  UserDiagnostic,
} from './messages.ts'
import type { AbortReason, DialogueIndication, IndicatedComponent } from './user.ts'

/** The dialogue portion that accepts what was offered. */
export function acceptance(applicationContext: string): DialogueApdu {
  return {
    apdu: 'AARE',
    applicationContext,
    result: AssociateResult.accepted,
    diagnostic: { source: 'user', code: UserDiagnostic.null },
  }
}

/** `withDialogue`: the dialogue has a dialogue portion, so that a word of the user has a place. */
export function abortMessage(reason: AbortReason, dtid: Uint8Array, withDialogue: boolean): TcapMessage {
  if ('pAbortCause' in reason) return { type: 'abort', dtid, pAbortCause: reason.pAbortCause }
  if ('refuse' in reason)
    return {
      type: 'abort',
      dtid,
      dialogue: { apdu: 'AARE', ...reason.refuse, result: AssociateResult.rejectPermanent },
    }
  if (!withDialogue) return { type: 'abort', dtid }
  const { userInformation } = reason
  return {
    type: 'abort',
    dtid,
    dialogue: { apdu: 'ABRT', source: 'user', ...(userInformation !== undefined && { userInformation }) },
  }
}

/** What a message says to the user. `established`: it is not the first answer. */
export function indicationOf(
  message: ReceivedMessage & { type: 'continue' | 'end' | 'abort' },
  established: boolean,
  indicated: (components: readonly ReceivedComponent[]) => IndicatedComponent[],
): DialogueIndication {
  const { dialogue } = message
  if (
    message.type !== 'continue' &&
    dialogue?.apdu === 'AARE' &&
    dialogue.result !== AssociateResult.accepted
  )
    return { kind: 'refused', aare: dialogue, established }
  if (message.type === 'abort') {
    if (message.pAbortCause !== undefined)
      return { kind: 'providerAbort', cause: message.pAbortCause, established }
    return { kind: 'userAbort', abrt: dialogue?.apdu === 'ABRT' ? dialogue : undefined, established }
  }
  const aare = !established && dialogue?.apdu === 'AARE' ? dialogue : undefined
  return { kind: message.type, aare, components: indicated(message.components) }
}

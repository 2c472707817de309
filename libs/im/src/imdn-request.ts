import type { CpimMessage } from './cpim/messages.ts'
import { Disposition, type ImdnRequest } from './messages.ts'

const KNOWN: ReadonlySet<string> = new Set(Object.values(Disposition))

/**
 * The notifications asked for (RFC 5438 §6.2), unknown values left out. Undefined when nothing is asked for, or when
 * Message-ID or DateTime is missing: such a request cannot be answered.
 */
export function imdnRequestOf(message: CpimMessage): ImdnRequest | undefined {
  const { messageId, dateTime, originalTo, recordRoute, dispositionNotification } = message
  const dispositions = [...new Set(dispositionNotification.map((value) => value.toLowerCase()))].filter(
    isKnown,
  )
  if (messageId === undefined || dateTime === undefined || dispositions.length === 0) return undefined
  return { messageId, dateTime, dispositions, recordRoute, ...(originalTo !== undefined && { originalTo }) }
}

function isKnown(value: string): value is Disposition {
  return KNOWN.has(value)
}

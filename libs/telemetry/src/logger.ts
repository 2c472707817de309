import { type DestinationStream, type Logger as PinoLogger, pino, stdTimeFunctions } from 'pino'
import { maskDigits } from './mask.ts'

export type Logger = PinoLogger

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

/** Field names that may carry a number, an identity or text. The second net: code masks before it logs. */
const NEVER_LOGGED = [
  'text',
  'tpdu',
  'tpdus',
  'body',
  'imsi',
  'msisdn',
  'number',
  'sender',
  'recipient',
  'password',
]

export interface LoggerOptions {
  readonly service: string
  readonly level?: LogLevel
  readonly destination?: DestinationStream
}

/**
 * One JSON object a line on standard output: `time` (ISO 8601), `level` as a word, `service`, `msg` (a constant
 * sentence) and fields. Subscriber numbers are masked, message text is never written.
 */
export function createLogger(options: LoggerOptions): Logger {
  return pino(
    {
      level: options.level ?? 'info',
      base: { service: options.service },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: NEVER_LOGGED.flatMap((field) => [field, `*.${field}`]), censor: '[hidden]' },
      serializers: { err: serializeError, error: serializeError },
    },
    options.destination ?? pino.destination({ dest: 1, sync: true }),
  )
}

/** Class, code, masked sentence and the chain of causes; the stack only of faults that nobody expected. */
function serializeError(error: unknown): unknown {
  if (!(error instanceof Error)) return maskDigits(String(error))
  const code = 'code' in error ? error.code : undefined
  return {
    type: error.name,
    ...(code !== undefined && { code }),
    message: maskDigits(error.message),
    ...(error.cause !== undefined && { cause: serializeError(error.cause) }),
    ...(code === undefined && error.stack !== undefined && { stack: maskDigits(error.stack) }),
  }
}

/** The first occurrence of a repeating complaint is logged at once, the rest as a count every `periodMs`. */
export function rateLimited(
  log: (fields: object, sentence: string) => void,
  periodMs = 10_000,
  now: () => number = Date.now,
): (fields: object, sentence: string) => void {
  const seen = new Map<string, { since: number; suppressed: number }>()
  const MAXIMUM_SENTENCES = 200
  return (fields, sentence) => {
    const entry = seen.get(sentence)
    if (entry !== undefined && now() - entry.since < periodMs) {
      entry.suppressed++
      return
    }
    if (entry === undefined && seen.size >= MAXIMUM_SENTENCES) seen.clear()
    seen.set(sentence, { since: now(), suppressed: 0 })
    log(entry?.suppressed ? { ...fields, suppressed: entry.suppressed } : fields, sentence)
  }
}

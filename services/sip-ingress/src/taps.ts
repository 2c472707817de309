import { createHash } from 'node:crypto'
import { readFileSync, unwatchFile, watchFile } from 'node:fs'
import { loadConfig } from '@ipsmgw/config'
import type { ImReceived, TapEvent } from '@ipsmgw/events'
import { identityOf } from '@ipsmgw/policy'
import Type, { type Static } from 'typebox'

const closed = { additionalProperties: false } as const

/** The list of targets, written by whoever may order taps. */
const targetListSchema = Type.Object(
  {
    targets: Type.Array(
      Type.Object(
        {
          reference: Type.String({
            minLength: 1,
            maxLength: 128,
            description: 'what copies are marked with',
          }),
          number: Type.Optional(Type.String({ pattern: '^\\+[1-9][0-9]{4,14}$' })),
          identity: Type.Optional(Type.String({ pattern: '^(sips?|tel):', maxLength: 2048 })),
        },
        closed,
      ),
      { maxItems: 100_000 },
    ),
  },
  closed,
)

export interface TapDependencies {
  now(): number
  /** Resolves when the event is durable. */
  publish(event: TapEvent): Promise<void>
  /** An event could not be written; says nothing of whom it was about. */
  failed(error: unknown): void
}

const LOOK_EVERY_MS = 2_000

/**
 * Copies the messages of targets to a topic of their own, with real parties and text. The list is a file that others
 * manage; it is read again when it changes, and one that is wrong leaves the old one in force. Off without a file.
 */
export class Taps {
  readonly #file: string
  readonly #instance: string
  readonly #dependencies: TapDependencies
  #targets: ReadonlyMap<string, readonly string[]> = new Map()

  constructor(options: { readonly file: string; readonly instance: string }, dependencies: TapDependencies) {
    this.#file = options.file
    this.#instance = options.instance
    this.#dependencies = dependencies
  }

  /** Reads the list; one that is wrong at the start is an error that the caller sees. Throws `ConfigError`. */
  start(): void {
    if (this.#file === '') return
    this.#targets = readTargets(this.#file)
    this.#audit('loaded')
    watchFile(this.#file, { interval: LOOK_EVERY_MS, persistent: false }, this.reload)
  }

  stop(): void {
    if (this.#file !== '') unwatchFile(this.#file, this.reload)
  }

  readonly reload = (): void => {
    try {
      this.#targets = readTargets(this.#file)
      this.#audit('loaded')
    } catch {
      this.#audit('refused')
    }
  }

  /** Copies the message when a party of it is a target. Never holds up the message. */
  see(message: ImReceived): void {
    if (this.#targets.size === 0) return
    const targets = this.#referencesOf(message)
    if (targets.length === 0) return
    const { messageId, receivedAtMs, sip, recipient, sender, text, contentType, thread, charging } = message
    this.#tell({
      copy: {
        ...{ targets, messageId, receivedAtMs, sip, recipient, sender, text, contentType },
        ...(thread !== undefined && { thread }),
        ...(charging !== undefined && { charging }),
      },
    })
  }

  #referencesOf({ sender, recipient }: ImReceived): string[] {
    const parties = [recipient, ...sender.asserted, sender.from]
    const keys = parties.flatMap(({ uri, number }) => [
      identityOf(uri),
      ...(number === undefined ? [] : [number]),
    ])
    return [...new Set(keys.flatMap((key) => this.#targets.get(key) ?? []))]
  }

  #audit(state: 'loaded' | 'refused'): void {
    this.#tell({ list: { state, targets: this.#targets.size, digest: digestOf(this.#file) } })
  }

  #tell(event: Pick<TapEvent, 'copy' | 'list'>): void {
    const { now, publish, failed } = this.#dependencies
    publish({ atMs: now(), instance: this.#instance, ...event }).catch(failed)
  }
}

/** References by number and by identity. Throws `ConfigError`. */
export function readTargets(file: string): Map<string, string[]> {
  const { config } = loadConfig(targetListSchema, { file, environment: {} })
  const targets = new Map<string, string[]>()
  for (const target of config.targets)
    for (const key of keysOf(target)) targets.set(key, [...(targets.get(key) ?? []), target.reference])
  return targets
}

function keysOf({ number, identity }: Static<typeof targetListSchema>['targets'][number]): string[] {
  return [
    ...(number === undefined ? [] : [number]),
    ...(identity === undefined ? [] : [identityOf(identity)]),
  ]
}

function digestOf(file: string): string {
  try {
    return createHash('sha256').update(readFileSync(file)).digest('hex')
  } catch {
    return ''
  }
}

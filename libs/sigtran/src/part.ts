import { randomBytes } from 'node:crypto'
import { DecodeError } from '@ipsmgw/bytes'
import type { Part } from '@ipsmgw/runtime'
import { type Logger, type Registry, rateLimited } from '@ipsmgw/telemetry'
import { createSigtranGauges, createSigtranReport } from './report.ts'
import type { SigtranSettings } from './settings.ts'
import { createSigtranStack, type SigtranStack, type SigtranStackOptions } from './stack.ts'
import { indicationOf, type StrayPost, strayOf } from './strays.ts'

export interface SigtranPart extends Part, Pick<SigtranStack, 'map' | 'globalTitle'> {
  /** Whether a signalling path can be used now. */
  isActive(): boolean
}

export interface SigtranPartDependencies {
  readonly registry: Registry
  readonly logger: Logger
  /** Where there are other replicas, and STPs that share load over them. */
  readonly strays?: StrayPost
}

/** The SIGTRAN side of a process as configured, with its metrics and log lines. */
export function createSigtranPart(
  settings: SigtranSettings,
  options: SigtranStackOptions,
  { registry, logger, strays }: SigtranPartDependencies,
): SigtranPart {
  const warn = rateLimited((fields, sentence) => logger.warn(fields, sentence))
  const stack = createSigtranStack(settings, options, {
    onEvent: createSigtranReport(
      registry,
      logger,
      settings.links.map(({ name }) => name),
    ),
    onFault: (err) => logger.error({ err, interface: 'map' }, 'handler of a MAP operation failed'),
    random32: () => randomBytes(4).readUInt32BE(),
    now: () => performance.now(),
    ...(strays !== undefined && {
      foreign: (ordinal, indication) => {
        strays.send(ordinal, strayOf(indication, Date.now())).catch((err) => {
          warn(
            { err, ordinal },
            'SIGTRAN: a message for the dialogue of another replica could not be handed on',
          )
        })
        return true
      },
    }),
  })
  createSigtranGauges(registry, stack)
  let wasActive = false
  let heard: { close(): Promise<void> } | undefined
  stack.mtp.onStatus(({ kind }) => {
    wasActive ||= kind === 'up'
  })
  return {
    name: 'sigtran',
    map: stack.map,
    globalTitle: stack.globalTitle,
    isActive: () => stack.mtp.active,
    async start() {
      heard = await strays?.receive((stray) => {
        try {
          const indication = indicationOf(stray, Date.now())
          if (indication !== undefined) stack.tcap.inject(indication)
        } catch (err) {
          if (!(err instanceof DecodeError)) throw err
          warn({ err }, 'SIGTRAN: a message handed on by another replica does not decode')
        }
      })
      stack.start()
    },
    async stop() {
      await stack.stop()
      await heard?.close()
    },
    // Paths that go away later are the network's trouble: senders get the status of its cause, not silence.
    missing: () => (wasActive ? undefined : 'no signalling path has been active yet'),
  }
}

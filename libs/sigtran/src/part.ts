import { randomBytes } from 'node:crypto'
import type { Part } from '@ipsmgw/runtime'
import type { Logger, Registry } from '@ipsmgw/telemetry'
import { createSigtranGauges, createSigtranReport } from './report.ts'
import type { SigtranSettings } from './settings.ts'
import { createSigtranStack, type SigtranStack, type SigtranStackOptions } from './stack.ts'

export interface SigtranPart extends Part, Pick<SigtranStack, 'map' | 'globalTitle'> {}

/** The SIGTRAN side of a process as configured, with its metrics and log lines. */
export function createSigtranPart(
  settings: SigtranSettings,
  options: SigtranStackOptions,
  { registry, logger }: { readonly registry: Registry; readonly logger: Logger },
): SigtranPart {
  const stack = createSigtranStack(settings, options, {
    onEvent: createSigtranReport(
      registry,
      logger,
      settings.links.map(({ name }) => name),
    ),
    onFault: (err) => logger.error({ err, interface: 'map' }, 'handler of a MAP operation failed'),
    random32: () => randomBytes(4).readUInt32BE(),
    now: () => performance.now(),
  })
  createSigtranGauges(registry, stack)
  let wasActive = false
  stack.mtp.onStatus(({ kind }) => {
    wasActive ||= kind === 'up'
  })
  return {
    name: 'sigtran',
    map: stack.map,
    globalTitle: stack.globalTitle,
    async start() {
      stack.start()
    },
    stop: () => stack.stop(),
    // Paths that go away later are the network's trouble: senders get the status of its cause, not silence.
    missing: () => (wasActive ? undefined : 'no signalling path has been active yet'),
  }
}

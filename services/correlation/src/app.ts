import { type Bus, type BusRecord, type Consumer, from, insist, on } from '@ipsmgw/bus'
import {
  type ImReceived,
  imdnOutbox,
  imReceived,
  messageCompleted,
  sipFinal,
  smReports,
} from '@ipsmgw/events'
import type { Part } from '@ipsmgw/runtime'
import { Correlator, type CorrelatorOptions } from './correlator.ts'
import type { NotificationPolicy } from './notifications.ts'
import { Outbox } from './outbox.ts'
import type { CorrelatorReport } from './report.ts'

export interface CorrelationOptions extends CorrelatorOptions {
  readonly maximumInFlight: number
  /** Identity of this process in its ticks. */
  readonly instance: string
  /** Records are read again this far back after a takeover. */
  readonly replayWindowMs: number
  readonly notifications: NotificationPolicy
}

export interface CorrelationDependencies {
  readonly bus: Bus
  readonly report: CorrelatorReport
  now(): number
}

type SmReportsRecord = ReturnType<typeof smReports.decode>

/** Consumes `im.received` and `sm.reports`, writes `message.completed`, then `sip.final` and `imdn.outbox`. */
export function createCorrelation(
  options: CorrelationOptions,
  dependencies: CorrelationDependencies,
): Part & { readonly correlator: Correlator } {
  const { bus, now, report } = dependencies
  const { instance } = options
  const outbox = new Outbox(
    { ...options.notifications, rememberMs: options.replayWindowMs },
    {
      now,
      publish: (record) => bus.publish(imdnOutbox, record),
      publishFailed: report.publishFailed,
    },
  )
  const correlator = new Correlator(options, {
    now,
    report,
    publishCompleted: (completed) => insist(() => bus.publish(messageCompleted, completed), { now }),
    publishFinal: (final) =>
      insist(() => bus.publish(sipFinal, final, { partition: final.ordinal }), { now }),
    notify: (completed) => outbox.completed(completed),
    publishTick: (partition, atMs) => bus.publish(smReports, { tick: { atMs, instance } }, { partition }),
  })
  // The same for old and for live records: state grows from whatever is read, in any order.
  const received = ({ value, partition }: BusRecord<ImReceived>) => correlator.received(partition, value)
  const reported = ({ value, partition }: BusRecord<SmReportsRecord>) => {
    if (value.report !== undefined) correlator.reported(partition, value.report)
    // Only an own tick proves anything: another instance's clock may be ahead.
    if (value.tick?.instance === instance) correlator.tick(partition, value.tick.atMs)
  }
  let consumer: Consumer | undefined
  return {
    name: 'correlation',
    correlator,
    async start() {
      consumer = await bus.consume({
        group: 'correlation',
        mode: 'at-least-once',
        maximumInFlight: options.maximumInFlight,
        subscriptions: [on(imReceived, received), on(smReports, reported)],
        replay: {
          windowMs: options.replayWindowMs,
          sources: [
            from(messageCompleted, ({ value, partition }) => {
              correlator.completed(partition, value)
              outbox.replayCompleted(partition, value)
            }),
            from(imdnOutbox, ({ value, partition }) => outbox.replayWritten(partition, value)),
            from(imReceived, received),
            from(smReports, reported),
          ],
        },
        onAssigned: (partitions) => {
          correlator.assigned(partitions, false)
          outbox.assigned(partitions)
        },
        onReplayed: (partition) => {
          correlator.replayed(partition)
          outbox.replayed(partition)
        },
        onRevoked: (partitions) => {
          correlator.revoked(partitions)
          outbox.revoked(partitions)
        },
      })
    },
    async stop() {
      await consumer?.close()
      correlator.close()
      outbox.close()
    },
  }
}

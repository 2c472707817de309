import { type Bus, type Consumer, from, on } from '@ipsmgw/bus'
import { imReceived, messageCompleted, smPrepared, smReports } from '@ipsmgw/events'
import type { KeyMaker } from '@ipsmgw/numbering'
import type { Policy } from '@ipsmgw/policy'
import { type Part, SeenSet } from '@ipsmgw/runtime'
import { ServiceCentreClock } from '@ipsmgw/sms'
import { type ConversionTools, convert } from './convert.ts'
import type { ConversionReport } from './report.ts'

export interface ImToSmsOptions {
  readonly maximumInFlight: number
}

export interface ImToSmsDependencies {
  readonly bus: Bus
  readonly keys: KeyMaker
  readonly report: ConversionReport
  policy(): Policy
  now(): number
}

/** Copies come for 64·T1 at the longest, and may have waited on the bus. */
const COPIES_WINDOW_MS = 180_000

/** Consumes `im.received`, produces `sm.prepared` or the failure that ends the message. */
export function createImToSms(options: ImToSmsOptions, dependencies: ImToSmsDependencies): Part {
  const { bus, report, now } = dependencies
  const toolsNow = toolsFor(dependencies)
  // Of a copy nothing is made: the first one's end is the answer to all (docs/architecture.md, rule 7). Made again after
  // the first was refused or found no way, it would reach the phone of a sender who was told that it did not.
  const passedOn = new SeenSet(COPIES_WINDOW_MS, now)
  let consumer: Consumer | undefined
  return {
    name: 'im-to-sms',
    async start() {
      consumer = await bus.consume({
        group: 'im-to-sms',
        mode: 'at-least-once',
        maximumInFlight: options.maximumInFlight,
        subscriptions: [
          on(imReceived, async ({ value }) => {
            if (passedOn.has(value.messageId)) return
            const atMs = now()
            const conversion = convert(value, toolsNow(), atMs)
            report.converted(value, conversion)
            if (conversion.kind === 'refused') {
              await bus.publish(smReports, { report: conversion.report })
              passedOn.add(value.messageId)
              return
            }
            await Promise.all([
              bus.publish(smPrepared, conversion.prepared),
              bus.publish(smReports, { report: conversion.report }),
            ])
            passedOn.add(value.messageId)
          }),
        ],
        replay: {
          windowMs: COPIES_WINDOW_MS,
          sources: [
            from(messageCompleted, ({ value: { messageId, outcome } }) => {
              // Unknown may be an early answer to a message that is still to be converted.
              if (outcome !== 'unknown') passedOn.add(messageId)
            }),
          ],
        },
      })
    },
    async stop() {
      await consumer?.close()
    },
  }
}

/** The tools for the policy in force; made anew only when another policy is. */
function toolsFor({ policy, keys }: ImToSmsDependencies): () => ConversionTools {
  let tools: ConversionTools | undefined
  return () => {
    const current = policy()
    if (tools?.policy !== current)
      tools = { policy: current, keys, clock: new ServiceCentreClock(current.timeZone) }
    return tools
  }
}

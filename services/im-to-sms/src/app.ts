import { type Bus, type Consumer, on } from '@ipsmgw/bus'
import { imReceived, smPrepared, smReports } from '@ipsmgw/events'
import type { KeyMaker } from '@ipsmgw/numbering'
import type { Policy } from '@ipsmgw/policy'
import type { Part } from '@ipsmgw/runtime'
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

/** Consumes `im.received`, produces `sm.prepared` or the failure that ends the message. */
export function createImToSms(options: ImToSmsOptions, dependencies: ImToSmsDependencies): Part {
  const { bus, report, now } = dependencies
  const toolsNow = toolsFor(dependencies)
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
            const atMs = now()
            const conversion = convert(value, toolsNow(), atMs)
            report.converted(value.messageId, conversion)
            if (conversion.kind === 'refused') {
              await bus.publish(smReports, { report: conversion.report })
              return
            }
            await Promise.all([
              bus.publish(smPrepared, conversion.prepared),
              bus.publish(smReports, { report: conversion.report }),
            ])
          }),
        ],
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

import { type AboutMessage, counter, type Logger, messageFields, type Registry } from '@ipsmgw/telemetry'
import type { Conversion } from './convert.ts'

export interface ConversionReport {
  converted(message: AboutMessage, conversion: Conversion): void
}

const RESULTS = ['converted', 'anonymised', 'refused'] as const

export function createConversionReport(registry: Registry, logger: Logger): ConversionReport {
  const messages = counter(
    registry,
    'ipsmgw_conversion_messages_total',
    'Messages through step 7, by result',
    {
      result: RESULTS,
    },
  )
  const parts = counter(registry, 'ipsmgw_conversion_parts_total', 'SMS parts made', {})
  return {
    converted(message, conversion) {
      if (conversion.kind === 'refused') {
        messages.inc({ result: 'refused' })
        logger.debug(
          { ...messageFields(message), cause: conversion.report.cause, rule: conversion.rule },
          'message refused by policy',
        )
        return
      }
      messages.inc({ result: conversion.anonymous ? 'anonymised' : 'converted' })
      parts.inc({}, conversion.parts)
      logger.debug({ ...messageFields(message), parts: conversion.parts }, 'message converted')
    },
  }
}

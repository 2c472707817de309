// Preloaded with `node --import @ipsmgw/telemetry/preload`: starts the OpenTelemetry SDK when an OTLP endpoint is set,
// by the environment variables of OpenTelemetry; without one it costs nothing. Traces only: metrics are pulled from
// /metrics, logs go to standard output. A collector that is away never stops or slows a message.
if (process.env.OTEL_EXPORTER_OTLP_ENDPOINT !== undefined) {
  const { NodeSDK } = await import('@opentelemetry/sdk-node')
  const sdk = new NodeSDK({ instrumentations: [], metricReaders: [], logRecordProcessors: [] })
  sdk.start()
  process.once('beforeExit', () => {
    sdk.shutdown().catch((error: Error) => console.error(`traces could not be flushed: ${error.message}`))
  })
}

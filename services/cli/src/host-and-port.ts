import { UsageError } from './usage-error.ts'

/** `HOST:PORT` or `[IPv6]:PORT`; the port is SIP's unless given. Throws UsageError that names the option. */
export function hostAndPort(text: string, option: string): { host: string; port: number } {
  const match = /^(\[[0-9a-f:.]+\]|[^:]+)(?::(\d{1,5}))?$/i.exec(text)
  if (match === null) throw new UsageError(`${option}: "${text}" is not HOST:PORT`)
  return { host: (match[1] as string).replace(/^\[|\]$/g, ''), port: Number(match[2] ?? 5060) }
}

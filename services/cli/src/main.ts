import { UsageError } from './usage-error.ts'

interface Command {
  readonly summary: string
  /** Resolves to the exit code. */
  run(args: string[]): Promise<number>
}

const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  send: async () => (await import('./commands/send.ts')).send,
  explain: async () => (await import('./commands/explain.ts')).explain,
  decode: async () => (await import('./commands/decode.ts')).decode,
  doctor: async () => (await import('./commands/doctor.ts')).doctor,
  topics: async () => (await import('./commands/topics.ts')).topics,
}

async function main(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    console.log(await overview())
    return name === undefined ? 2 : 0
  }
  const load = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  if (load === undefined)
    throw new UsageError(`there is no command "${name}"; there are: ${Object.keys(COMMANDS).join(', ')}`)
  return (await load()).run(rest)
}

async function overview(): Promise<string> {
  const rows = await Promise.all(
    Object.entries(COMMANDS).map(async ([name, load]) => `  ${name.padEnd(8)} ${(await load()).summary}`),
  )
  return `ipsmgw: the IP-SM-GW's command line

Usage: ipsmgw COMMAND [options]

${rows.join('\n')}

ipsmgw COMMAND --help tells more.`
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  const complaint = complaintOf(error)
  if (complaint === undefined) throw error
  console.error(`ipsmgw: ${complaint}`)
  process.exitCode = 2
}

/** The sentence for words on the command line that make no sense; undefined for everything else. */
function complaintOf(error: unknown): string | undefined {
  if (error instanceof UsageError) return error.message
  const { code, message } = error as { code?: unknown; message: string }
  if (!String(code).startsWith('ERR_PARSE_ARGS')) return undefined
  return `${message.split('. ')[0]}; --help tells what there is`
}

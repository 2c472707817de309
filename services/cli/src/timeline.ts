const PATIENCE_MS = 1_000

interface Entry {
  readonly step: string
  readonly by: string
  readonly sinceStartMs: number
  readonly part?: number
  readonly peer?: string
  readonly cause?: string
  readonly detail?: string
}

/** The gateway's own account of the message, where its message API can be asked; silent where not. */
export async function printTimeline(http: string, callId: string): Promise<void> {
  let messages: { timeline: Entry[] }[]
  try {
    const response = await fetch(`${http}/api/messages?callId=${encodeURIComponent(callId)}`, {
      signal: AbortSignal.timeout(PATIENCE_MS),
    })
    if (!response.ok) return
    messages = (await response.json()) as { timeline: Entry[] }[]
  } catch {
    return
  }
  for (const { timeline } of messages) {
    console.log('timeline')
    for (const entry of timeline) console.log(`  ${line(entry)}`)
  }
}

function line(entry: Entry): string {
  const part = entry.part === undefined ? '' : ` part ${entry.part}`
  const peer = entry.peer === undefined ? '' : ` (${entry.peer})`
  const cause = entry.cause === undefined ? '' : `: ${entry.cause}`
  const detail = entry.detail === undefined ? '' : `, ${entry.detail}`
  return `${String(entry.sinceStartMs).padStart(6)} ms  ${entry.by.padEnd(12)} ${entry.step}${part}${peer}${cause}${detail}`
}

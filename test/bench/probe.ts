// Preloaded into a measured process: answers what only the process itself knows. The product stays as it is.
import { liveOctets } from './heap.ts'

export type ProbeQuestion = 'cpu' | 'heap'

process.on('message', (question: ProbeQuestion) => {
  void answer(question).then((value) => process.send?.({ question, value }))
})
// The channel alone does not keep the process alive.
process.channel?.unref()

async function answer(question: ProbeQuestion): Promise<number> {
  if (question === 'heap') return liveOctets()
  const { user, system } = process.cpuUsage()
  return (user + system) / 1_000
}

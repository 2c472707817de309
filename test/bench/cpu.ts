import { readFileSync } from 'node:fs'

const MS_PER_TICK = 10

/** User and system time of a process so far, milliseconds: fields 14 and 15 of proc_pid_stat(5). */
export function cpuMsOf(pid: number | undefined): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')
  return (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK
}

import { readdirSync, readFileSync } from 'node:fs'

// 100 clock ticks a second, on every Linux that Node.js runs on
const microsecondsPerTick = 10_000

interface Process {
  id: number
  parent: number
  ticks: number
}

/** CPU microseconds of a process and of all processes below it, those that ended included. Linux only. */
export function cpuOf(root: number): number {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => processOf(Number(name)) ?? [])
  const below = (id: number): number =>
    all.filter(({ parent }) => parent === id).reduce((sum, one) => sum + one.ticks + below(one.id), 0)
  return ((all.find(({ id }) => id === root)?.ticks ?? 0) + below(root)) * microsecondsPerTick
}

function processOf(id: number): Process | undefined {
  try {
    const stat = readFileSync(`/proc/${id}/stat`, 'utf8')
    // the name before it may contain blanks and brackets
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const [user, system, endedUser, endedSystem] = fields.slice(11, 15).map(Number)
    return { id, parent: Number(fields[1]), ticks: user! + system! + endedUser! + endedSystem! }
  } catch {
    // it has just ended
    return undefined
  }
}

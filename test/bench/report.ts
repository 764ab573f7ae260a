import { type Interval, median, medianInterval } from '../support/statistics.js'
import type { Contest } from './contests.js'
import type { Lap, Laps } from './race.js'

/** Prints what a contest showed. */
export function report(contest: Contest, laps: Laps, commands: Map<string, Record<string, number>>): void {
  const rounds = laps.values().next().value?.length
  table(`${contest.name}, ${rounds} rounds`, ['requests/s', 'CPU µs', 'MongoDB commands'], contendersOf(laps, commands))
  table('ratio', ['by requests/s', 'by CPU', 'goal'], comparisonsOf(contest, laps))
}

function contendersOf(laps: Laps, commands: Map<string, Record<string, number>>): string[][] {
  return [...laps].map(([name, all]) => [
    name,
    median(all.map(({ rate }) => rate)).toFixed(0),
    median(all.map(({ cpu }) => cpu)).toFixed(0),
    commandsText(commands.get(name)),
  ])
}

function comparisonsOf({ comparisons }: Contest, laps: Laps): string[][] {
  return comparisons.map(({ name, first, second, goal }) => {
    const steps = [first].flat().map((step) => laps.get(step) as Lap[])
    const others = laps.get(second) as Lap[]
    const ratio = (of: (first: Lap, second: Lap) => number) =>
      intervalText(
        medianInterval(others.map((other, round) => of(inAll(steps.map((all) => all[round] as Lap)), other))),
      )
    return [name, ratio((one, other) => one.rate / other.rate), ratio((one, other) => other.cpu / one.cpu), goal]
  })
}

function inAll(steps: Lap[]): Lap {
  const sum = (of: (step: Lap) => number) => steps.reduce((total, step) => total + of(step), 0)
  return { rate: 1 / sum(({ rate }) => 1 / rate), cpu: sum(({ cpu }) => cpu) }
}

function intervalText({ median, low, high }: Interval): string {
  return `${median.toFixed(2)} [${low.toFixed(2)}, ${high.toFixed(2)}]`
}

const reading = new Set(['find', 'aggregate', 'getMore', 'count'])

function commandsText(commands: Record<string, number> | undefined): string {
  if (!commands) return ''
  const all = Object.entries(commands).filter(([, count]) => count > 0)
  const sum = (wanted: boolean) =>
    all.reduce((total, [name, count]) => (reading.has(name) === wanted ? total + count : total), 0)
  const names = all.map(([name, count]) => `${name} ${+count.toFixed(2)}`).join(', ')
  return `${+sum(true).toFixed(2)} read, ${+sum(false).toFixed(2)} written${names && ` (${names})`}`
}

/** Prints a table; the first column has its title for a head. */
export function table(title: string, columns: string[], rows: string[][]): void {
  const all = [[title, ...columns], ...rows]
  const width = (column: number) => Math.max(...all.map((row) => row[column]?.length ?? 0))
  const lines = all.map((row) =>
    row
      .map((cell, column) => cell.padEnd(width(column)))
      .join('   ')
      .trimEnd(),
  )
  console.log(`\n${lines.join('\n')}`)
}

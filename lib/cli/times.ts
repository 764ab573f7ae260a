const units = [
  ['d', 86_400],
  ['h', 3_600],
  ['min', 60],
  ['s', 1],
] as const

/** A duration in the largest unit of which there are two: `3 d`, `47 h`, `90 min`. */
export function duration(milliseconds: number): string {
  const seconds = Math.round(Math.abs(milliseconds) / 1000)
  const [unit, size] = units.find(([, each]) => seconds >= each * 2) ?? ['s', 1]
  return `${Math.floor(seconds / size)} ${unit}`
}

/** How long ago this was, or how far it lies ahead. */
export function distance(date: Date, now: Date): string {
  const milliseconds = now.getTime() - date.getTime()
  return milliseconds < 0 ? `in ${duration(milliseconds)}` : `${duration(milliseconds)} ago`
}

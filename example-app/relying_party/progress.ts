const duration = (seconds: number) => (seconds < 90 ? `${seconds} seconds` : `${Math.round(seconds / 60)} minutes`)

/** Puts the progress text of a pending answer, `step=...; position=...; estimate=...`, into words. */
export function describeProgress(progress: string | undefined): string {
  const parts = new Map(progress?.split('; ').map((part) => part.split('=', 2) as [string, string]))
  const step = parts.get('step') ?? 'A colleague will look at your document soon'
  const position = parts.get('position')
  const estimate = Number(parts.get('estimate'))
  return [step, position && `number ${position} in line`, estimate && `about ${duration(estimate)} left`]
    .filter(Boolean)
    .join(', ')
}

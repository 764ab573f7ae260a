import type { Journey, Purpose } from '../storage/entries.js'

const firstSteps: Readonly<Record<Purpose, string>> = {
  account: 'A colleague will look at your document soon',
  banking: 'A colleague will look at your sign-in soon',
}

const duration = (seconds: number) => (seconds < 90 ? `${seconds} seconds` : `${Math.round(seconds / 60)} minutes`)

/** The progress of a pending answer as a sentence. */
export function describeProgress(journey: Journey | undefined): string {
  const { purpose = 'account', progress, interactionUri } = journey ?? {}
  if (interactionUri) return 'We wait for your confirmation'
  const { step = firstSteps[purpose], position, estimate } = progress ?? {}
  return [step, position && `number ${position} in line`, estimate && `about ${duration(estimate)} left`]
    .filter(Boolean)
    .join(', ')
}

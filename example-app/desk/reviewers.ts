/** A person who may decide. */
export interface Reviewer {
  name: string
  title: string
  /** The largest payment that this reviewer may approve, in cents. Default: any. */
  limit?: number
}

/** The reviewers of this demo. The sign-in page shows the password. */
export const reviewers: readonly Reviewer[] = [
  { name: 'robin', title: 'reviewer', limit: 1000_00 },
  { name: 'kim', title: 'risk officer' },
]
export const demoPassword = 'harbour'

export function reviewerNamed(name: string | undefined): Reviewer | undefined {
  return reviewers.find((reviewer) => reviewer.name === name)
}

/** Whether this reviewer may approve this amount. */
export function mayApprove({ limit }: Reviewer, sum: number): boolean {
  return limit === undefined || sum <= limit
}

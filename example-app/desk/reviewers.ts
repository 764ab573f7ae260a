/** Somebody who may decide. */
export interface Reviewer {
  name: string
  title: string
  /** The largest payment this reviewer may approve, in cents; without it, any. */
  limit?: number
}

/** Who may decide in this demo; the page shows the password. */
export const reviewers: readonly Reviewer[] = [
  { name: 'robin', title: 'reviewer', limit: 1000_00 },
  { name: 'kim', title: 'risk officer' },
]
export const demoPassword = 'harbour'

export function reviewerNamed(name: string | undefined): Reviewer | undefined {
  return reviewers.find((reviewer) => reviewer.name === name)
}

/** Whether an amount is within somebody's authority. */
export function mayApprove({ limit }: Reviewer, sum: number): boolean {
  return limit === undefined || sum <= limit
}

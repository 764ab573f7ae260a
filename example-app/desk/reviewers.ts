/** A person who may decide. */
export interface Reviewer {
  name: string
  title: string
}

/** The reviewers of this demo. The sign-in page shows the password. */
export const reviewers: readonly Reviewer[] = [
  { name: 'robin', title: 'reviewer' },
  { name: 'kim', title: 'risk officer' },
]
export const demoPassword = 'harbour'

export function reviewerNamed(name: string | undefined): Reviewer | undefined {
  return reviewers.find((reviewer) => reviewer.name === name)
}

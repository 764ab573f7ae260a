/** A person who may decide. */
export interface Reviewer {
  id: string
  name: string
  title: string
}

/** The reviewers of this demo. The sign-in page shows the password. */
export const reviewers: readonly Reviewer[] = [
  { id: 'robin', name: 'Robin Hale', title: 'reviewer' },
  { id: 'kim', name: 'Kim Osei', title: 'risk officer' },
]
export const demoPassword = 'harbour'

export function reviewerWith(id: string | undefined): Reviewer | undefined {
  return reviewers.find((reviewer) => reviewer.id === id)
}

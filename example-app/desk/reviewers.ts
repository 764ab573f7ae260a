/** Who may decide in this demo; the page shows the password. */
export const reviewers: readonly string[] = ['robin', 'kim']
export const demoPassword = 'harbour'

export function isReviewer(name: string | undefined): name is string {
  return name !== undefined && reviewers.includes(name)
}

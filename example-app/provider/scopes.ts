/** What each scope means to a customer and to a reviewer. */
export const scopes: Readonly<Record<string, { label: string; detail: string }>> = {
  openid: { label: 'Know who you are', detail: 'Your identifier, and the identity we have verified' },
  profile: { label: 'See your name', detail: 'Your full name and date of birth' },
  account: { label: 'Open a current account', detail: 'In your name, with its own IBAN' },
  payments: { label: 'Send payments', detail: 'From the new account, as soon as it is open' },
  overdraft: { label: 'Use an overdraft', detail: 'Up to 500 euro below zero' },
}

export function scopeLabel(scope: string): string {
  return scopes[scope]?.label ?? scope
}

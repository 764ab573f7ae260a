/** What each scope means to a customer and to a reviewer. */
export const scopes: Readonly<Record<string, { label: string; detail: string }>> = {
  openid: { label: 'Identity', detail: 'What a reviewer has verified' },
  profile: { label: 'Name', detail: 'Full name and date of birth' },
  account: { label: 'Current account', detail: 'Under that name, with its own IBAN' },
  payments: { label: 'Payments', detail: 'Sending money from the account' },
  statements: { label: 'Statements', detail: 'Reading what happens on the account' },
  overdraft: { label: 'Overdraft', detail: 'Up to 500 euro below zero' },
}

/** By its own name only: `constructor` may be asked for as well. */
export function scopeNamed(name: string): { label: string; detail: string } | undefined {
  return Object.hasOwn(scopes, name) ? scopes[name] : undefined
}

export function scopeLabel(scope: string): string {
  return scopeNamed(scope)?.label ?? scope
}

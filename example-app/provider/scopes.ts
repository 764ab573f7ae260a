/** The texts of each scope. */
export const scopes: Readonly<Record<string, { label: string; detail: string }>> = {
  openid: { label: 'Identity', detail: 'Verified by a person' },
  profile: { label: 'Name', detail: 'Full name and date of birth' },
  account: { label: 'Current account', detail: 'Under that name, with its own IBAN' },
  payments: { label: 'Payments', detail: 'Send money from the account' },
  statements: { label: 'Statements', detail: 'Read the statements of the account' },
  overdraft: { label: 'Overdraft', detail: 'Up to 500 euro below zero' },
}

/** The texts of one scope. Own properties only, because a client may ask for `constructor`. */
export function scopeNamed(name: string): { label: string; detail: string } | undefined {
  return Object.hasOwn(scopes, name) ? scopes[name] : undefined
}

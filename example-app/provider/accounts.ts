export interface DemoAccount {
  id: string
  given_name: string
  family_name: string
  birthdate: string
  /** A reviewer has to check every sign-in of this customer. */
  needsReview?: true
}

/** The customers. Every password works. */
export const accounts: readonly DemoAccount[] = [
  { id: 'alex', given_name: 'Alex', family_name: 'Rivera', birthdate: '1991-04-17' },
  { id: 'mina', given_name: 'Mina', family_name: 'Sato', birthdate: '1984-11-02' },
  { id: 'samuel', given_name: 'Samuel', family_name: 'Okafor', birthdate: '1999-07-30', needsReview: true },
]

export function accountOf(id: string | undefined): DemoAccount | undefined {
  return accounts.find((account) => account.id === id)
}

/** The name on pages. An unknown account has its id. */
export function nameOf(id: string | undefined): string {
  const account = accountOf(id)
  return account ? `${account.given_name} ${account.family_name}` : (id ?? 'unknown')
}

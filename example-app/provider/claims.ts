import { createHash } from 'node:crypto'
import type { FindAccount, KoaContextWithOIDC } from 'oidc-provider'
import type { Deferral } from 'oidc-provider-deferred'
import { accountOf, type DemoAccount } from './accounts.js'

/** The plugin puts the deferral here while it is created, polled or redeemed. oidc-provider's types do not know it. */
function deferralOf(ctx: KoaContextWithOIDC): Deferral | undefined {
  return ctx.oidc.entities.Deferral as Deferral | undefined
}

/** An invented IBAN with correct check digits. One deferral always has the same. */
function demoIban(deferralId: string): string {
  const digits = BigInt(`0x${createHash('sha256').update(deferralId).digest('hex')}`)
    .toString()
    .slice(0, 10)
  const account = `HRBR${digits}`
  const letters = `${account}NL00`.replace(/[A-Z]/g, (letter) => String(letter.charCodeAt(0) - 55))
  const check = String(98n - (BigInt(letters) % 97n)).padStart(2, '0')
  return `NL${check}${account}`
}

function verifiedClaims(account: DemoAccount, deferral: Deferral) {
  const { id: _, needsReview: __, ...claims } = account
  const verification = { trust_framework: 'harbour_demo', time: deferral.decision?.at.toISOString() }
  return {
    identity_verified: true,
    verified_claims: { verification, claims },
    bank_account: { iban: demoIban(deferral.id), currency: 'EUR' },
  }
}

/** Claims about an account. The verified claims exist only in a request that a reviewer has approved. */
export const findAccount: FindAccount = async (ctx, sub) => {
  const account = accountOf(sub)
  if (!account) return undefined
  const deferral = deferralOf(ctx)
  return {
    accountId: sub,
    async claims() {
      const name = `${account.given_name} ${account.family_name}`
      const reviewedClaims = deferral?.status === 'approved' ? verifiedClaims(account, deferral) : {}
      return { sub, name, birthdate: account.birthdate, ...reviewedClaims }
    },
  }
}

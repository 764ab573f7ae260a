import { mongoAdapter } from 'oidc-provider-deferred/mongodb'
import type { grants } from '../support/deferral.js'
import { pollDeferral } from '../support/deferral.js'
import type { Patient } from './faults.js'
import { type CodeSeed, codeSeeder, type OauthSeed, oauthSeeder } from './oauth_seed.js'

/** A code that the client of this provider can redeem. */
export async function aCode({ db, op }: Patient): Promise<CodeSeed> {
  const [code] = await (await codeSeeder(mongoAdapter(db), op.issuer))(1)
  return code as CodeSeed
}

/** A deferral that the client of this provider can poll. */
export async function one(
  { db, op }: Patient,
  grant: (typeof grants)[number],
  stage: 'pending' | 'approved',
): Promise<OauthSeed> {
  const [seed] = await (await oauthSeeder(db, op.issuer, grant))(1, stage)
  return seed as OauthSeed
}

/** Polls on although something fails; what the client was told, in order. */
export async function persist(patient: Patient, { deferralCode }: Pick<OauthSeed, 'deferralCode'>): Promise<string[]> {
  const heard: string[] = []
  for (let poll = 0; poll < 3; poll++) {
    const { status, body } = await pollDeferral(patient.rp, deferralCode)
    heard.push(status === 200 ? 'tokens' : `${status} ${body.error}`)
    await patient.heal()
  }
  return heard
}

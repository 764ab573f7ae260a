import { mongoAdapter } from 'oidc-provider-deferred/mongodb'
import type { grants } from '../support/deferral.js'
import { pollDeferral } from '../support/deferral.js'
import type { Patient } from './faults.js'
import { type CodeSeed, codeSeeder, type OauthSeed, oauthSeeder } from './oauth_seed.js'

// each begins with a real request, which is made once
const codeSeeders = new WeakMap<Patient, ReturnType<typeof codeSeeder>>()
const seeders = new WeakMap<Patient, Map<string, ReturnType<typeof oauthSeeder>>>()

/** A code that the client of this provider can redeem. */
export async function aCode(patient: Patient): Promise<CodeSeed> {
  const { db, op } = patient
  const seeding = codeSeeders.get(patient) ?? codeSeeder(mongoAdapter(db), op.issuer)
  codeSeeders.set(patient, seeding)
  const [code] = await (await seeding)(1)
  return code as CodeSeed
}

/** A deferral that the client of this provider can poll. */
export async function one(
  patient: Patient,
  grant: (typeof grants)[number],
  stage: 'pending' | 'approved',
): Promise<OauthSeed> {
  const { db, op } = patient
  const ofPatient = seeders.get(patient) ?? new Map<string, ReturnType<typeof oauthSeeder>>()
  seeders.set(patient, ofPatient)
  const seeding = ofPatient.get(grant) ?? oauthSeeder(db, op.issuer, grant)
  ofPatient.set(grant, seeding)
  const [seed] = await (await seeding)(1, stage)
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

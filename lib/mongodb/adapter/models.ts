import { errors } from 'oidc-provider'

type Index = { key: { [field: string]: 1 }; unique?: true; sparse?: true; expireAfterSeconds?: 0 }

const expiry: Index = { key: { expiresAt: 1 }, expireAfterSeconds: 0 }
const byGrantId: Index = { key: { grantId: 1 }, sparse: true }
const byUid: Index = { key: { uid: 1 }, sparse: true }
const byUserCode: Index = { key: { userCode: 1 }, unique: true, sparse: true }

/** Every model of oidc-provider 9.0.0 to 9.13.3, with the indexes its queries need. */
const indexes: { readonly [model: string]: Index[] } = {
  AccessToken: [expiry, byGrantId],
  AuthorizationCode: [expiry, byGrantId],
  BackchannelAuthenticationRequest: [expiry, byGrantId],
  Client: [],
  ClientCredentials: [expiry],
  DeviceCode: [expiry, byGrantId, byUserCode],
  Grant: [expiry],
  InitialAccessToken: [expiry],
  Interaction: [expiry],
  PreAuthorizedCode: [expiry, byGrantId],
  PushedAuthorizationRequest: [expiry],
  RefreshToken: [expiry, byGrantId],
  RegistrationAccessToken: [expiry],
  ReplayDetection: [expiry],
  Session: [expiry, byUid],
}

/** Models of which the host saves copies it read earlier. Their ids are random: never a second artifact of one id. */
const savedAgain = new Set(['BackchannelAuthenticationRequest', 'DeviceCode', 'Grant', 'Interaction', 'Session'])

export const modelNames: readonly string[] = Object.keys(indexes)

/** A model that came with a later host gets what a grantable one needs. */
export function indexesOf(model: string): Index[] {
  return indexes[model] ?? [expiry, byGrantId]
}

/** Whether a destroyed artifact leaves a tombstone, against a late save of a copy. */
export function leavesTombstone(model: string): boolean {
  return savedAgain.has(model)
}

export function collectionName(model: string): string {
  return model.replace(/(?!^)[A-Z]/g, (capital) => `_${capital}`).toLowerCase()
}

/** What the host itself answers when it finds the artifact consumed. */
export function alreadyConsumed(model: string): Error {
  if (model === 'PushedAuthorizationRequest') {
    return new errors.InvalidRequestUri('request_uri is invalid, expired, or was already used')
  }
  return new errors.InvalidGrant(`${collectionName(model).replaceAll('_', ' ')} not found or already consumed`)
}

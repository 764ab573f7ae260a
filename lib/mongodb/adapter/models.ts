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

/** Models that the host reads, changes and saves again. Their ids are random, so no id is used twice. */
const rewritableModels = new Set(['BackchannelAuthenticationRequest', 'DeviceCode', 'Grant', 'Interaction', 'Session'])

/** The names of these models. */
export const modelNames: readonly string[] = Object.keys(indexes)

/** The indexes of a model. A model of a later host gets those of a model that belongs to a Grant. */
export function indexesOf(model: string): Index[] {
  return indexes[model] ?? [expiry, byGrantId]
}

/** Whether a destroyed artifact leaves a tombstone: a late save of an outdated copy must not restore it. */
export function leavesTombstone(model: string): boolean {
  return rewritableModels.has(model)
}

/** The name of a model's collection, without the prefix: `access_token` for `AccessToken`. */
export function collectionName(model: string): string {
  return model.replace(/(?!^)[A-Z]/g, (capital) => `_${capital}`).toLowerCase()
}

/** The error with which the host itself refuses a consumed artifact. */
export function consumedError(model: string): Error {
  if (model === 'PushedAuthorizationRequest') {
    return new errors.InvalidRequestUri('request_uri is invalid, expired, or was already used')
  }
  return new errors.InvalidGrant(`${collectionName(model).replaceAll('_', ' ')} not found or already consumed`)
}

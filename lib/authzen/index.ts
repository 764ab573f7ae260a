export type { Alert } from './alert.js'
export { type Authzen, authzen } from './authzen.js'
export type { CallbackReceiver } from './callback.js'
export type { CallbackCaller, CallbackSignature } from './callback_caller.js'
export type { About, Answer, Entity, Evaluation, Filled, IssuanceRequest, Mapping } from './evaluation.js'
export type { Authenticate } from './http.js'
export type { Endpoints } from './metadata.js'
export type {
  AccessRequestOptions,
  AuthzenOptions,
  CallbackOptions,
  EgressPermissions,
  Terms,
} from './options.js'
export type { Rotation } from './refresh.js'

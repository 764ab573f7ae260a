export { type Authzen, authzen } from './authzen.js'
export type { About, Answer, Entity, Evaluation, IssuanceRequest, Mapping } from './evaluation.js'
export type { Endpoints } from './metadata.js'
export type { Alert, Authenticate, AuthzenOptions, EgressPermissions } from './options.js'

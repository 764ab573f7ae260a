export { memoryAdapter } from 'oidc-provider-deferred/testing'

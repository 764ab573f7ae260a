/* Names that a code block of README.md or docs may use without declaring them. */
declare const issuer: string
declare const configuration: import('oidc-provider-deferred').HostConfiguration
declare const options: import('oidc-provider-deferred').DeferredTokenResponseOptions
declare const provider: import('oidc-provider-deferred').Provider
declare const db: import('mongodb').Db
declare const id: string
declare const accountId: string
declare const req: import('node:http').IncomingMessage
declare const res: import('node:http').ServerResponse
declare const config: import('openid-client').Configuration
declare const currentUrl: URL
declare const expectedState: string
declare const expectedNonce: string
declare const pkceCodeVerifier: string

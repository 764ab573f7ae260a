import { createHash, X509Certificate } from 'node:crypto'

const pem = (der: string) => `-----BEGIN CERTIFICATE-----\n${der}\n-----END CERTIFICATE-----`

/** A client certificate as a proxy in front of the provider hands it on, and what is known of it. */
export interface ClientCertificate {
  /** the header of the request */
  header: { 'x-client-certificate': string }
  x5t: string
  /** for the client's JWK Set */
  jwk: object
}

/** The certificate of a request, read from the header as integrators do behind a proxy. */
export function certificateOf(ctx: { get(header: string): string }): string | undefined {
  const der = ctx.get('x-client-certificate')
  return der ? pem(der) : undefined
}

function certificate(der: string): ClientCertificate {
  const { publicKey } = new X509Certificate(pem(der))
  return {
    header: { 'x-client-certificate': der },
    x5t: createHash('sha256').update(Buffer.from(der, 'base64')).digest('base64url'),
    jwk: { ...publicKey.export({ format: 'jwk' }), use: 'sig', alg: 'ES256', x5c: [der] },
  }
}

/** Two self-signed certificates; their private keys were thrown away. */
const [first, second] = [
  [
    'MIIBgDCCASegAwIBAgIUFghj4HYKYOSo3SjWvkJdz0AWGSYwCgYIKoZIzj0EAwIwFTETMBEGA1UEAwwKY2xpZW50IG9uZTAgFw0y',
    'NjExMjIxNTAyMzJaGA8yMTI2MTAyOTE1MDIzMlowFTETMBEGA1UEAwwKY2xpZW50IG9uZTBZMBMGByqGSM49AgEGCCqGSM49AwEH',
    'A0IABDf0d51apiBgbFoxjCc2HI8Ies+xQOnXOJrWQ9eAOQANtB9LQ4t+lSCHjIDabRxkDFsNdqItHbhaXPlCkeP2h9qjUzBRMB0G',
    'A1UdDgQWBBSwl+xu2HY0X2F49MQnXdHZ0MG4yDAfBgNVHSMEGDAWgBSwl+xu2HY0X2F49MQnXdHZ0MG4yDAPBgNVHRMBAf8EBTAD',
    'AQH/MAoGCCqGSM49BAMCA0cAMEQCIDI1ynnqt+87kX1PBTPq+d4g+j/yGDy1l80dWF8t39CoAiBX00+A1hXvIztH65UzyGbX9KeO',
    '4qyKGcXq7jt4IpYuoA==',
  ].join(''),
  [
    'MIIBgTCCASegAwIBAgIUV3dRENj+voWvow4Y3dj3f6f3AtowCgYIKoZIzj0EAwIwFTETMBEGA1UEAwwKY2xpZW50IHR3bzAgFw0y',
    'NjExMjIxNTAyMzJaGA8yMTI2MTAyOTE1MDIzMlowFTETMBEGA1UEAwwKY2xpZW50IHR3bzBZMBMGByqGSM49AgEGCCqGSM49AwEH',
    'A0IABJc2npBQD3LXqc/bLzwD7dBPjDgUQAbMMAFbfcwF/46roIuXxSMgU3OEbWL4JZ5awUv/xCYiZQwjGQGJATNC2PKjUzBRMB0G',
    'A1UdDgQWBBQUqNYztQMMxSxDv4hp9iC0kCbaGDAfBgNVHSMEGDAWgBQUqNYztQMMxSxDv4hp9iC0kCbaGDAPBgNVHRMBAf8EBTAD',
    'AQH/MAoGCCqGSM49BAMCA0gAMEUCIHl9qK1wddCHUup5P3itz1XH44TDBhaRXRsWwvcoq4GAAiEA0rUwnrS52kcFxChAdLbarLg4',
    'P1tgBuiX13TwQ5FiShQ=',
  ].join(''),
] as const
export const certificates = { first: certificate(first), second: certificate(second) }

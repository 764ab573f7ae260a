import { generate } from 'selfsigned'

/** What a TLS server needs, in PEM. */
export interface Certificate {
  key: string
  cert: string
}

/** A new self-signed certificate for localhost. Browsers warn once. */
export async function selfSignedCertificate(): Promise<Certificate> {
  const name = [{ name: 'commonName', value: 'localhost' }]
  const { private: key, cert } = await generate(name, { keyType: 'ec', algorithm: 'sha256' })
  return { key, cert }
}

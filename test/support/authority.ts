import { type GenerateResult, generate } from 'selfsigned'

/** A certificate with its key, in PEM. */
export interface ServerCertificate {
  key: string
  cert: string
}

/** What is wrong with a certificate, where anything is. */
export interface CertificateOptions {
  notBefore?: Date
  notAfter?: Date
  /** vouched for by itself, not by the authority */
  isSelfSigned?: boolean
}

const common = { keyType: 'ec', curve: 'P-256', algorithm: 'sha256' } as const
const name = (value: string) => [{ name: 'commonName', value }]
const day = 24 * 60 * 60 * 1000

/** A certificate authority of the tests' own, which nobody else trusts. */
export interface Authority {
  /** its certificate, for the option `notification.ca` */
  ca: string
  /** a server certificate for these host names or addresses */
  issue(hosts: string[], options?: CertificateOptions): Promise<ServerCertificate>
}

/** A new authority. */
export async function createAuthority(): Promise<Authority> {
  const authority: GenerateResult = await generate(name('Authority of the tests'), {
    ...common,
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, digitalSignature: true },
    ],
  })
  return {
    ca: authority.cert,
    async issue(hosts, { notBefore, notAfter, isSelfSigned = false } = {}) {
      const altNames = hosts.map((host) =>
        /^[\d.]+$|:/.test(host) ? ({ type: 7, ip: host } as const) : ({ type: 2, value: host } as const),
      )
      const { private: key, cert } = await generate(name(hosts[0] as string), {
        ...common,
        notBeforeDate: notBefore ?? new Date(Date.now() - day),
        notAfterDate: notAfter ?? new Date(Date.now() + day),
        extensions: [{ name: 'subjectAltName', altNames }],
        ...(!isSelfSigned && { ca: { key: authority.private, cert: authority.cert } }),
      })
      return { key, cert }
    },
  }
}

/* A certificate for a server of a test, in the encoding of RFC 5280. Node.js can make keys and signatures, and no certificates. */
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto'

/** A certificate and its key, in PEM. */
export interface ServerCertificate {
  key: string
  cert: string
}

const day = 86_400_000

/** A new self-signed certificate for this host name. It is valid for a day. */
export function selfSigned(host: string): ServerCertificate {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const algorithm = sequence(oid.ecdsaWithSha256)
  const name = sequence(tlv(0x31, sequence(oid.commonName, tlv(0x0c, Buffer.from(host)))))
  const content = sequence(
    tlv(0xa0, integer(2)),
    integer(1, ...randomBytes(8)),
    algorithm,
    name,
    sequence(time(Date.now() - day), time(Date.now() + day)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    tlv(0xa3, sequence(sequence(oid.subjectAltName, tlv(0x04, sequence(tlv(0x82, Buffer.from(host))))))),
  )
  const signature = tlv(0x03, Buffer.of(0), sign('sha256', content, privateKey))
  const cert = sequence(content, algorithm, signature).toString('base64').replace(/.{64}/g, '$&\n')
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    cert: `-----BEGIN CERTIFICATE-----\n${cert}\n-----END CERTIFICATE-----\n`,
  }
}

const oid = {
  ecdsaWithSha256: Buffer.from('06082a8648ce3d040302', 'hex'),
  commonName: Buffer.from('0603550403', 'hex'),
  subjectAltName: Buffer.from('0603551d11', 'hex'),
}

function tlv(tag: number, ...parts: Uint8Array[]): Buffer {
  const value = Buffer.concat(parts)
  const { length } = value
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...size]), value])
}

function sequence(...parts: Uint8Array[]): Buffer {
  return tlv(0x30, ...parts)
}

function integer(...bytes: number[]): Buffer {
  return tlv(0x02, Buffer.from(bytes))
}

// GeneralizedTime: YYYYMMDDHHMMSSZ
function time(at: number): Buffer {
  return tlv(0x18, Buffer.from(`${new Date(at).toISOString().slice(0, 19).replace(/\D/g, '')}Z`))
}

import { keyId, toBytes } from '../../notification/key_id.js'
import type { Call } from '../command.js'
import { exitCodes, Failure } from '../failure.js'

const keyLength = 32

/** By the id of the key, the environment variables that `--key-env` names. */
export function givenKeys({ values }: Call): Map<string, string> {
  const names = values.texts('key-env') ?? []
  return new Map(
    names.map((name) => {
      const key = toBytes(process.env[name] ?? '')
      if (key.length !== keyLength) throw new Failure(exitCodes.usage, `${name} must hold a key, 32 bytes as base64url`)
      return [keyId(key), name]
    }),
  )
}

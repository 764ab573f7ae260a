import type { ChangeStream, Collection, Document, MongoClient, MongoServerError } from 'mongodb'
import { type OnChange, type Watch, watchedMembers } from '../../deferral/store.js'
import { turn } from '../../deferral/turn.js'
import type { DeferralDocument } from './document.js'

// milliseconds for which the database waits for a change before it answers: an idle node costs one command in this time
const longestAnswer = 5000
// an answer that takes so much longer is lost, with the connection
const patience = 5000
// changes before requests get a turn
const changesAtOnce = 16
// an answer with nothing that comes sooner is one that was not waited for
const shortestAnswer = 10

// what servers without change streams answer: a standalone, and databases that only speak the protocol
const notSupported = new Set([40573, 40324, 115])

interface Change extends Document {
  operationType: string
  documentKey: { _id: string }
  isDue: boolean
}

/**
 * One change stream. The driver resumes it after a fault. It ends where that fails, where an answer is lost, and where the
 * collection is dropped or renamed. `undefined`: the server has no change streams.
 */
export async function watchDeferrals(
  client: MongoClient,
  deferrals: Collection<DeferralDocument>,
  onChange: OnChange,
): Promise<Watch | undefined> {
  // the driver gives up a socket that is silent for longer
  const { socketTimeoutMS } = client.options
  const maxAwaitTimeMS = socketTimeoutMS ? Math.min(longestAnswer, Math.ceil(socketTimeoutMS / 2)) : longestAnswer
  const stream = deferrals.watch<DeferralDocument, Change & never>(pipeline, { maxAwaitTimeMS })
  const reader = readerOf(stream, maxAwaitTimeMS + patience)
  const close = () => stream.close().catch(() => undefined)
  // the first answer of the database brings a token, also where nothing has changed
  const listening = new Promise((resolve) => stream.once('resumeTokenChanged', resolve))
  const ended = follow(stream, reader.next, onChange).finally(close)
  try {
    await Promise.race([listening, ended])
  } catch (error) {
    if (notSupported.has((error as MongoServerError).code as number)) return undefined
    throw error
  }
  ended.catch(() => undefined)
  return {
    ended,
    async close() {
      reader.giveUp()
      await close()
      await ended.catch(() => undefined)
    },
  }
}

/** Resolves when the stream is over. */
async function follow(
  stream: ChangeStream<DeferralDocument>,
  next: () => Promise<unknown>,
  onChange: OnChange,
): Promise<void> {
  for (let count = 1; !stream.closed; count++) {
    const askedAt = performance.now()
    const change = (await next()) as Change | null
    if (change?.operationType === 'invalidate') return
    if (change) onChange(change.documentKey._id, change.isDue)
    else if (performance.now() < askedAt + shortestAnswer) await pause(shortestAnswer)
    // the driver gives out the changes of one answer without a pause: requests run in between
    if (count % changesAtOnce === 0) await turn()
  }
}

/** Reads one change after the other. `null`: there is none yet. Rejects if the database does not answer in time. */
function readerOf(stream: ChangeStream<DeferralDocument>, longest: number) {
  let giveUp = () => {}
  return {
    next: () =>
      new Promise<unknown>((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error('the change stream does not answer')), longest).unref()
        giveUp = () => resolve(null)
        stream
          .tryNext()
          .finally(() => clearTimeout(timer))
          .then(resolve, reject)
      }),
    /** Ends the read under way: the database notices only at its end that the stream is closed. */
    giveUp: () => giveUp(),
  }
}

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds).unref())

const set = { $ifNull: ['$updateDescription.updatedFields', {}] }
const setNames = { $map: { input: { $objectToArray: set }, in: '$$this.k' } }
const removedNames = { $ifNull: ['$updateDescription.removedFields', []] }

// of a path such as `progress.step`
const members = {
  $map: { input: { $concatArrays: [setNames, removedNames] }, in: { $first: { $split: ['$$this', '.'] } } },
}

/** Ids and one flag of the changes that others want to know of. The database sends nothing else. */
const pipeline: Document[] = [
  {
    $match: {
      $or: [
        { operationType: { $in: ['insert', 'invalidate'] } },
        { operationType: 'update', $expr: { $ne: [{ $setIntersection: [members, [...watchedMembers]] }, []] } },
      ],
    },
  },
  {
    $project: {
      operationType: 1,
      documentKey: 1,
      isDue: {
        $or: [
          { $eq: ['$updateDescription.updatedFields.notification.status', 'owed'] },
          { $in: ['notification.due', setNames] },
          { $eq: ['$updateDescription.updatedFields.ping.status', 'owed'] },
          { $in: ['ping.due', setNames] },
        ],
      },
    },
  },
]

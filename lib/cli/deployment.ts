import type { Collection, Db, MongoClient } from 'mongodb'
import { Deferrals } from '../back_office/deferrals.js'
import type { Subscriber } from '../deferral/events.js'
import { type Records, recordsOf } from '../deferral/records.js'
import type { DeferralDocument } from '../mongodb/store/document.js'
import { mongoStore } from '../mongodb/store/store.js'
import { exitCodes, Failure } from './failure.js'
import type { Values } from './values.js'

/** A collection of deferrals, and the back office of its issuers. */
export interface Deployment {
  db: Db
  collection: Collection<DeferralDocument>
  /** That of `--issuer`, if it is given. */
  givenIssuer: string | undefined
  /** All issuers that have deferrals here. */
  allIssuers(): Promise<string[]>
  /** The issuers that have deferrals here; of them only that of `--issuer`, if it is given. */
  issuers(): Promise<string[]>
  /** That of `--issuer`, or the only one. A `Failure` if only others have deferrals here. */
  issuer(): Promise<string>
  /** The records of an issuer. `onWritten` hears of each write of this process. */
  recordsOf(issuer: string, onWritten?: Subscriber): Records
  /** The back office of an issuer. It decides without the rules of the provider. */
  officeOf(issuer: string, onWritten?: Subscriber): Deferrals
  /** Creates collection, validator and indexes. */
  migrate(): Promise<void>
  close(): Promise<void>
}

/** The back office of the issuer that the command line means. */
export async function officeOf(deployment: Deployment, onWritten?: Subscriber): Promise<Deferrals> {
  return deployment.officeOf(await deployment.issuer(), onWritten)
}

/** Connects to the deployment that the options name. A `Failure` says why it cannot. */
export async function connect(values: Values, environment: NodeJS.ProcessEnv): Promise<Deployment> {
  const uri = values.text('uri') ?? environment.MONGODB_URI
  if (!uri) throw new Failure(exitCodes.usage, 'no database was named, set MONGODB_URI or give --uri')
  const client = await clientOf(uri)
  const db = client.db(values.text('db'))
  const name = values.text('collection') ?? 'deferrals'
  const store = mongoStore(db, { collection: name, migrate: false })
  const collection = db.collection<DeferralDocument>(name)
  const givenIssuer = values.text('issuer')
  let found: Promise<string[]> | undefined
  // a command needs them several times
  const allIssuers = async () => {
    found ??= collection.distinct('issuer')
    // the mark of a cancellation that came before its deferral has no issuer
    return (await found).filter((issuer) => issuer !== '')
  }
  // an issuer has the retention of its provider; here nothing is created
  const records = (issuer: string, onWritten: Subscriber = () => undefined) =>
    recordsOf(store, { issuer, retention: 0, clock: () => undefined, onWritten })
  return {
    db,
    collection,
    givenIssuer,
    allIssuers,
    async issuers() {
      const all = await allIssuers()
      return givenIssuer === undefined ? all : all.filter((issuer) => issuer === givenIssuer)
    },
    issuer: async () => issuerOf(await allIssuers(), givenIssuer, collection.namespace),
    recordsOf: records,
    officeOf: (issuer, onWritten) =>
      new Deferrals({
        records: records(issuer, onWritten),
        narrowing: {},
        grantExpiry: async () => undefined,
        close: async () => undefined,
      }),
    migrate: store.migrate,
    close: () => client.close(),
  }
}

function issuerOf(all: string[], given: string | undefined, place: string): string {
  const issuer = given ?? all[0]
  if (issuer === undefined) {
    throw new Failure(exitCodes.usage, `${place} has no deferral, check --db and --collection or give --issuer`)
  }
  if (given === undefined && all.length > 1) {
    throw new Failure(exitCodes.usage, `${place} has several issuers, give --issuer: ${all.join(', ')}`)
  }
  if (all.length > 0 && !all.includes(issuer)) {
    throw new Failure(
      exitCodes.usage,
      `${place} has no deferral of ${issuer}, give another --issuer: ${all.join(', ')}`,
    )
  }
  return issuer
}

const longestWait = 5_000

async function clientOf(uri: string): Promise<MongoClient> {
  const driver = await loadDriver()
  const waits = /serverSelectionTimeoutMS=/i.test(uri) ? {} : { serverSelectionTimeoutMS: longestWait }
  try {
    const client = new driver.MongoClient(uri, { appName: 'oidc-provider-deferred', ...waits })
    return await client.connect()
  } catch (error) {
    // its cause may have the connection string, and that has a password
    throw new Failure(exitCodes.database, `cannot connect to MongoDB: ${(error as Error).message}`)
  }
}

async function loadDriver() {
  try {
    return await import('mongodb')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error
    throw new Failure(exitCodes.database, 'the driver mongodb is not installed, run npm install mongodb')
  }
}

/*
 * Durable queues of others, each with its defaults but for the number of jobs at once. They are installed on demand; of their types only
 * the part that is used stands here.
 */

/** A job: one POST. */
export interface Job {
  id: string
  endpoint: string
}

/** A queue in this process. */
export interface Queue {
  /** stores jobs that are due */
  add(jobs: Job[]): Promise<void>
  /** begins to run jobs, so many at once */
  work(post: (job: Job) => Promise<void>, atOnce: number): Promise<void>
}

interface AgendaJob {
  attrs: { data: Job }
}

interface AgendaModule {
  Agenda: new (options: {
    backend: object
    maxConcurrency: number
  }) => {
    define(name: string, run: (job: AgendaJob) => Promise<void>, options: { concurrency: number }): void
    now(name: string, data: Job): Promise<unknown>
    start(): Promise<void>
    ready: Promise<unknown>
  }
}

interface MongoBackendModule {
  MongoBackend: new (options: { address: string }) => object
}

interface GraphileWorkerModule {
  makeWorkerUtils(options: { connectionString: string }): Promise<{
    migrate(): Promise<void>
    addJobs(jobs: { identifier: string; payload: Job }[]): Promise<unknown>
    release(): Promise<void>
  }>
  run(options: {
    connectionString: string
    concurrency: number
    noHandleSignals: boolean
    taskList: Record<string, (job: Job) => Promise<void>>
  }): Promise<unknown>
}

/** The packages of each peer, and how long it locks a job by default. */
export const peers = {
  agenda: { packages: ['agenda', '@agendajs/mongo-backend'], database: 'mongodb', lock: '10 min' },
  'graphile-worker': { packages: ['graphile-worker'], database: 'postgres', lock: '4 h' },
} as const

export type PeerName = keyof typeof peers

// a name that the compiler does not know is not looked up when this is compiled
const load = async <T>(name: string): Promise<T> => (await import(name)) as T

/** Opens the queue of this peer. */
export async function openQueue(name: PeerName, uri: string): Promise<Queue> {
  return name === 'agenda' ? agenda(uri) : graphileWorker(uri)
}

async function agenda(address: string): Promise<Queue> {
  const { Agenda } = await load<AgendaModule>('agenda')
  const { MongoBackend } = await load<MongoBackendModule>('@agendajs/mongo-backend')
  const open = (maxConcurrency: number) => new Agenda({ backend: new MongoBackend({ address }), maxConcurrency })
  return {
    async add(jobs) {
      const queue = open(1)
      await queue.ready
      for (const job of jobs) await queue.now('post', job)
    },
    async work(post, atOnce) {
      const queue = open(atOnce)
      await queue.ready
      queue.define('post', ({ attrs }) => post(attrs.data), { concurrency: atOnce })
      await queue.start()
    },
  }
}

async function graphileWorker(connectionString: string): Promise<Queue> {
  const { makeWorkerUtils, run } = await load<GraphileWorkerModule>('graphile-worker')
  return {
    async add(jobs) {
      const utils = await makeWorkerUtils({ connectionString })
      await utils.migrate()
      await utils.addJobs(jobs.map((payload) => ({ identifier: 'post', payload })))
      await utils.release()
    },
    async work(post, atOnce) {
      await run({ connectionString, concurrency: atOnce, noHandleSignals: true, taskList: { post } })
    },
  }
}

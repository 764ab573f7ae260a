/*
 * npm run bench -- [--starts 3] [--rounds 3] [--requests 600] [--seconds 300]
 *                  [--only polls|redemptions|deferrals|presence|costs|notifications|long-polls|scale|sizes|memory|delay|processes|export|queues]
 *                  [--rows 1000000] [--pending 5000] [--keep] [--polls 2000000]
 *                  [--waiters 10000] [--measure sameNode|otherNode|rate|poisoned|takeOver]
 *
 * What waiting costs a provider, against what oidc-provider itself has in its place. Every server is a process of its own,
 * they share one mongod, the load comes from this process over loopback. oidc-provider's models are on mongoAdapter
 * everywhere, deferrals on mongoStore; clients authenticate with client_secret_basic; ID Tokens are ES256, because RS256
 * would hide everything else. A round measures A, B, C and then C, B, A; after some rounds the servers are started anew.
 * Printed are:
 *
 *   requests/s   of one server under 16 connections; it suffers from whatever else the machine does
 *   CPU µs       per request, of the whole server process; the steadier figure
 *   ratios       median over the rounds with its 95 % bootstrap interval; above 1 the first one is better
 *
 *   P1  pending poll / pending CIBA poll, which knows no slow_down           goal 1.00 or more
 *   P2  pending poll / bare Koa with one findOne, for orientation            goal 0.45 or more
 *   P3  refused poll (slow_down) / pending CIBA poll                         goal 0.85 or more
 *   P4  redemption / redemption of an authorization code                     goal 0.90 or more
 *   P9  deferred token request and its redemption / redemption of an authorization code at once: what waiting costs in all
 *   P10 authorization code at a provider with the plugin / without, where nobody asks to wait      goal 0.98 or more
 *       and the same where `defer` is set and says no
 *   P8  MongoDB commands per request, counted without measuring; a pending poll is 1 read and 0 writes
 *
 * Notifications are measured from the moment a decision is acknowledged to the arrival of the POST at another process, over real TLS;
 * their throughput against undici sending the same requests to the same receiver, in rounds of A, B, B, A.
 *
 * With `--only queues` notifications are measured beside durable queues of others, which make the same POSTs: Agenda on the same mongod,
 * Graphile Worker on PostgreSQL. They are no dependencies: `npm install --no-save agenda @agendajs/mongo-backend graphile-worker`. The
 * PostgreSQL server is that of this machine, or the one at `POSTGRES_URI`.
 *
 * With `--only scale` so many deferrals are compared with ten thousand, on the store alone, with the same number of pending ones:
 *
 *   P7  poll, redemption and sweep with many / with few                      goal 0.90 or more
 *   P13 list by due, count and stats with many / with few                    goal 0.90 or more
 *
 * With as many `--pending` as `--rows`, all of both are pending. `--keep` leaves the collections for the next run, on the server of
 * MONGODB_URI; `--rounds 0` only fills them.
 *
 * With `--only sizes` the bytes of a pending and of an ended deferral are printed, of its document and in each index.
 *
 * With `--only long-polls` so many polls are held by one process while another decides:
 *
 *   P15 memory that the provider adds to a request that node:http alone holds                goal 10 kB or less
 *   P14 decision on the other node to the answer, tokens included, p99                        goal 100 ms or less
 *       plain polls of the holding node, p99 with / without held polls                       goal 1.20 or less
 *
 * With `--only memory`, `delay` and `processes`:
 *
 *   P10 memory of a process after so many polls                              goal less than 20 MB more
 *   P11 event loop of a process that sends 10,000 notifications and answers polls, p99   goal less than 20 ms late
 *   P12 polls/s of two processes / of one, each with a third of a core       goal 1.70 or more
 *
 * P12 needs a control group for CPU, and so root. Where the machine has few cores, BENCH_CORE gives each provider process of P11 and
 * P12 one core, and `taskset` the others to everything else.
 *
 * With `--only export` so many rows are exported, and the memory of the process is printed on the way: it must not grow.
 *
 * The worst that one request may cost is printed in milliseconds of a blocked event loop.
 *
 * The control measures equal servers against each other. Where it leaves 0.97 ... 1.03 the machine was too busy, and in that
 * column a difference as small as that of the control says nothing.
 */
import { parseArgs } from 'node:util'
import { MongoClient } from 'mongodb'
import { startMongo } from '../support/mongod.js'
import { deferrals, polls, presence, redemptions } from './contests.js'
import { costs } from './costs.js'
import { exports } from './exports.js'
import { longPolls } from './long_polls/long_polls.js'
import { notifications } from './notifications/notifications.js'
import { delay } from './process/delay.js'
import { memory } from './process/memory.js'
import { processes } from './process/processes.js'
import { queues } from './queues/queues.js'
import { countCommands, type Extent, race } from './race.js'
import { report } from './report.js'
import { scale } from './scale/scale.js'
import { sizes } from './scale/sizes.js'
import type { Place } from './servers.js'

const { values } = parseArgs({
  options: {
    starts: { type: 'string', default: '3' },
    rounds: { type: 'string', default: '3' },
    requests: { type: 'string', default: '600' },
    seconds: { type: 'string', default: '300' },
    only: { type: 'string' },
    measure: { type: 'string' },
    waiters: { type: 'string', default: '10000' },
    rows: { type: 'string', default: '1000000' },
    pending: { type: 'string', default: '5000' },
    polls: { type: 'string', default: '2000000' },
    keep: { type: 'boolean', default: false },
  },
})
const contests = [polls, redemptions, deferrals, presence].filter(({ name }) => (values.only ?? name) === name)
const extent: Extent = {
  starts: Number(values.starts),
  rounds: Number(values.rounds),
  requests: Number(values.requests),
  seconds: Number(values.seconds) / Math.max(contests.length, 1),
}

// they take minutes each
const rows = Number(values.rows)
const onDemand: Record<string, (place: Place) => Promise<void>> = {
  queues: (place) => queues(place, { rounds: extent.rounds, seconds: extent.seconds }),
  scale: ({ db }) => scale(db, { rows, pending: Number(values.pending) }, extent.rounds),
  sizes: ({ db }) => sizes(db, rows),
  memory: (place) => memory(place, Number(values.polls)),
  delay,
  processes: (place) => processes(place, extent),
  'long-polls': (place) => longPolls(place, Number(values.waiters)),
  export: ({ db }) => exports(db, rows),
}

const mongo = await startMongo()
const client = await MongoClient.connect(mongo.uri)
try {
  for (const contest of contests) {
    const db = client.db(`bench_${process.pid}_${contest.name}`)
    const place = { uri: mongo.uri, db }
    report(contest, await race(contest, place, extent), await countCommands(contest, place))
    await db.dropDatabase()
  }
  if ((values.only ?? 'costs') === 'costs') costs()
  if ((values.only ?? 'notifications') === 'notifications') {
    const place = { uri: mongo.uri, db: client.db(`bench_${process.pid}_notifications`) }
    await notifications(place, { rounds: extent.rounds, measure: values.measure })
  }
  const measure = onDemand[values.only ?? '']
  if (measure) {
    const db = client.db(values.keep ? `bench_${values.only}` : `bench_${process.pid}_${values.only}`)
    await measure({ uri: mongo.uri, db })
    if (!values.keep) await db.dropDatabase()
  }
} finally {
  await client.close()
  await mongo.stop()
}

import type { Db, Document } from 'mongodb'
import { recorded } from '../../store/recorded.js'

/** What the database did for one command. */
export interface Explained {
  /** the command as it was sent */
  command: Document
  returned: number
  keys: number
  documents: number
  /** the names of its stages and indexes */
  stages: string[]
}

/** How the database runs each command that is sent meanwhile. Its client has to monitor commands. */
export async function explained(db: Db, run: () => Promise<unknown>): Promise<Explained[]> {
  const commands = await recorded(db, run)
  return Promise.all(commands.map(({ command }) => explain(db, command)))
}

async function explain(db: Db, sent: Document): Promise<Explained> {
  const { lsid: _session, $db: _db, $clusterTime: _time, readConcern: _level, ...command } = sent
  const plan = await db.command({ explain: command, verbosity: 'executionStats' })
  const { executionStats: stats, queryPlanner } = plan.executionStats ? plan : plan.stages[0].$cursor
  return {
    command: sent,
    returned: stats.nReturned,
    keys: stats.totalKeysExamined,
    documents: stats.totalDocsExamined,
    stages: [...new Set(stagesOf(queryPlanner.winningPlan))],
  }
}

function stagesOf(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return []
  const { stage, indexName } = value as { stage?: string; indexName?: string }
  return [stage, indexName, ...Object.values(value).map(stagesOf)].flat().filter((name) => name !== undefined)
}

import type { Db, Document } from 'mongodb'

/** CPU microseconds that the database server has used so far. */
export async function databaseCpu(db: Db): Promise<number> {
  const { extra_info: used } = (await db.command({ serverStatus: 1 })) as { extra_info: Document }
  return Number(used.user_time_us) + Number(used.system_time_us)
}

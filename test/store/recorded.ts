import type { CommandStartedEvent, Db } from 'mongodb'

/** The commands that a client sends meanwhile; it has to monitor commands. */
export async function recorded(db: Db, run: () => Promise<unknown>): Promise<CommandStartedEvent[]> {
  const events: CommandStartedEvent[] = []
  const listen = (event: CommandStartedEvent) => events.push(event)
  db.client.on('commandStarted', listen)
  await run()
  db.client.off('commandStarted', listen)
  return events
}

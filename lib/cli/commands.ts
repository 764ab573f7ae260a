import type { Command } from './command.js'
import { approve, cancel, deny } from './commands/decide.js'
import { doctor } from './commands/doctor.js'
import { erase } from './commands/erase.js'
import { exportAll } from './commands/export.js'
import { list } from './commands/list.js'
import { migrate } from './commands/migrate.js'
import { history, show } from './commands/show.js'
import { stats } from './commands/stats.js'
import { assign, comment, replay } from './commands/work.js'

/** The commands by name, in the order of the usage. */
export const commands: Readonly<Record<string, Command>> = {
  doctor,
  list,
  show,
  history,
  stats,
  approve,
  deny,
  cancel,
  assign,
  comment,
  replay,
  erase,
  export: exportAll,
  migrate,
}

import type { Command } from '../command.js'
import { isConfirmed } from '../confirmation.js'
import { officeOf } from '../deployment.js'
import { exitCodes } from '../failure.js'

/** Erases the personal data of an account. */
export const erase: Command = {
  says: 'cancel what is open of an account, and erase its personal data; this cannot be undone',
  asks: true,
  options: {
    account: { value: 'ID', isRequired: true, says: 'whose personal data' },
    by: { value: 'NAME', says: 'who erases' },
  },
  async run(call) {
    const { values, deployment, terminal } = call
    const accountId = values.needed('account')
    const by = values.text('by')
    const issuer = await deployment.issuer()
    const question = `erase the personal data of ${accountId} at ${issuer}?`
    if (!(await isConfirmed(call, question))) return exitCodes.unchanged
    let count = 0
    const office = await officeOf(deployment, (_record, { event }) => {
      if (event === 'erased') terminal.progress(`${++count} erased`)
    })
    const erasure = await office.erase({ accountId }, by === undefined ? {} : { by })
    terminal.endProgress()
    const hint = erasure.erased ? '' : `: no deferral of ${accountId} at ${issuer} has personal data`
    terminal.result(erasure, () => [`${erasure.erased} erased${hint}`])
    return erasure.erased ? exitCodes.done : exitCodes.unchanged
  },
}

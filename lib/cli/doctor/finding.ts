import type { Call } from '../command.js'

/** What one look has shown. */
export interface Finding {
  /** what was looked at */
  check: string
  isOk: boolean
  says: string
  /** what to do, if it is not all right */
  remedy?: string
}

/** Looks at one thing. */
export type Check = (call: Call) => Promise<Finding[]>

/** It is as it should be. */
export const fine = (check: string, says: string): Finding => ({ check, isOk: true, says })

/** It is not, and this is what to do. */
export const found = (check: string, says: string, remedy: string): Finding => ({ check, isOk: false, says, remedy })

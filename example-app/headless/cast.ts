import type { Bank } from '../start.js'
import type { Customer, Reviewer } from './people.js'
import type { Receiver } from './receiver.js'
import type { Recorder } from './recorder.js'

/** The people of a scenario, and what it needs to control and to watch the bank. */
export interface Cast {
  bank: Bank
  customerNamed(account: string): Customer
  /** robin */
  reviewer: Reviewer
  /** kim. Payments above 1,000 euro need both. */
  riskOfficer: Reviewer
  recorder: Recorder
  /** Watches the bank's notification endpoint. */
  receiver: Receiver
  /** Moves the plugin's clock forward. */
  advance(seconds: number): void
}

/** Scenarios by title, in the order of the run. */
export type Scenarios = Record<string, (cast: Cast) => Promise<void>>

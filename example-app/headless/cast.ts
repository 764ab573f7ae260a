import type { Bank } from '../start.js'
import type { Customer, Reviewer } from './people.js'
import type { Receiver } from './receiver.js'
import type { Recorder } from './recorder.js'

/** Who plays, and what they can do that a customer cannot. */
export interface Cast {
  bank: Bank
  customerNamed(account: string): Customer
  /** May approve payments up to 1,000 euro. */
  reviewer: Reviewer
  /** May approve any. */
  riskOfficer: Reviewer
  recorder: Recorder
  /** The bank's notification endpoint. */
  receiver: Receiver
  /** Moves the plugin's clock forward. */
  advance(seconds: number): void
}

/** By title, in the order they are played. */
export type Scenarios = Record<string, (cast: Cast) => Promise<void>>

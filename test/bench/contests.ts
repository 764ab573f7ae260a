import type { Seeds } from './seeds.js'
import type { Subject } from './server.js'

/** One line of the table: which server gets which requests, and what every answer must contain. */
export interface Contender {
  name: string
  subject: Subject
  /** runs on a second server of the same kind */
  again?: true
  requests: keyof Seeds
  answer: string
}

/** How much better `first` is than `second`; several are what one transaction takes. */
export interface Comparison {
  name: string
  first: string | string[]
  second: string
  goal: string
}

export interface Contest {
  name: string
  /** share of the requests of a segment, where each costs more */
  share: number
  contenders: Contender[]
  comparisons: Comparison[]
}

const pending = 'authorization_pending'
const tokens = 'access_token'

const plainCodes: Contender[] = [
  { name: 'authorization_code', subject: 'host', requests: 'codes', answer: tokens },
  { name: 'authorization_code again', subject: 'host', again: true, requests: 'codes', answer: tokens },
]

/** Polls that have to go on waiting. */
export const polls: Contest = {
  name: 'polls',
  share: 1,
  contenders: [
    { name: 'pending poll', subject: 'ours', requests: 'pendingPolls', answer: pending },
    { name: 'CIBA poll', subject: 'host', requests: 'cibaPolls', answer: pending },
    { name: 'CIBA poll again', subject: 'host', again: true, requests: 'cibaPolls', answer: pending },
    { name: 'refused poll', subject: 'ours', requests: 'refusedPolls', answer: 'slow_down' },
    { name: 'bare Koa, one findOne', subject: 'koa', requests: 'reads', answer: pending },
  ],
  comparisons: [
    { name: 'P1 pending / CIBA', first: 'pending poll', second: 'CIBA poll', goal: '1.00 or more' },
    { name: 'P2 pending / bare Koa', first: 'pending poll', second: 'bare Koa, one findOne', goal: '0.45 or more' },
    { name: 'P3 refused / CIBA', first: 'refused poll', second: 'CIBA poll', goal: '0.85 or more' },
    { name: 'control CIBA / CIBA', first: 'CIBA poll again', second: 'CIBA poll', goal: '0.97 ... 1.03' },
  ],
}

/** Requests that are answered with tokens. */
export const redemptions: Contest = {
  name: 'redemptions',
  share: 0.4,
  contenders: [{ name: 'redemption', subject: 'ours', requests: 'redemptions', answer: tokens }, ...plainCodes],
  comparisons: [
    { name: 'P4 redemption / code', first: 'redemption', second: 'authorization_code', goal: '0.90 or more' },
    codeControl(),
  ],
}

/** A code that has to wait: the token request that is deferred, and the poll that is answered with tokens. */
export const deferrals: Contest = {
  name: 'deferrals',
  share: 0.4,
  contenders: [
    { name: 'deferred token request', subject: 'ours', requests: 'deferredCodes', answer: 'deferral_code' },
    { name: 'redemption', subject: 'ours', requests: 'deferralRedemptions', answer: tokens },
    ...plainCodes,
  ],
  comparisons: [
    {
      name: 'P9 deferred and redeemed / code',
      first: ['deferred token request', 'redemption'],
      second: 'authorization_code',
      goal: '',
    },
    { name: 'deferred token request / code', first: 'deferred token request', second: 'authorization_code', goal: '' },
    codeControl(),
  ],
}

/** What the plugin costs those who do not ask to wait. */
export const presence: Contest = {
  name: 'presence',
  share: 0.4,
  contenders: [
    { name: 'authorization_code, plugin there', subject: 'idle', requests: 'codes', answer: tokens },
    { name: 'authorization_code, defer says no', subject: 'ours', requests: 'codes', answer: tokens },
    ...plainCodes,
  ],
  comparisons: [
    {
      name: 'P10 code with the plugin / without',
      first: 'authorization_code, plugin there',
      second: 'authorization_code',
      goal: '0.98 or more',
    },
    {
      name: 'code where defer says no / without',
      first: 'authorization_code, defer says no',
      second: 'authorization_code',
      goal: '',
    },
    codeControl(),
  ],
}

function codeControl(): Comparison {
  return {
    name: 'control code / code',
    first: 'authorization_code again',
    second: 'authorization_code',
    goal: '0.97 ... 1.03',
  }
}

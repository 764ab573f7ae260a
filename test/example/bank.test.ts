import { afterAll, jest } from '@jest/globals'
import { describeMongo } from '../support/database.js'
import { closeChromium, describeBrowser } from './chromium.js'
import { journeys } from './journeys.js'
import { notified } from './notified.js'
import { restart } from './restart.js'
import { waits } from './waits.js'

// One file for all that needs the browser: unpacking it twice at once goes wrong.
jest.setTimeout(240_000)
afterAll(closeChromium)

describeBrowser('the bank, in a browser', journeys)
describeBrowser('who is told of a decision, in a browser', notified)
describeBrowser('an agent, a risky sign-in and a partner, in a browser', waits)
describeBrowser('the bank on MongoDB, in a browser', () => describeMongo('restarted in the middle', restart))

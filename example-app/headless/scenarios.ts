import { accountScenarios } from './account_scenarios.js'
import type { Scenarios } from './cast.js'
import { directScenarios } from './direct_scenarios.js'
import { fraudScenarios } from './fraud_scenarios.js'
import { partnerScenarios } from './partner_scenarios.js'
import { paymentScenarios } from './payment_scenarios.js'
import { phoneScenarios } from './phone_scenarios.js'

export const scenarios: Scenarios = {
  ...accountScenarios,
  ...paymentScenarios,
  ...fraudScenarios,
  ...partnerScenarios,
  ...phoneScenarios,
  ...directScenarios,
}

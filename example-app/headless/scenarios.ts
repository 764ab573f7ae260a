import { accountScenarios } from './account_scenarios.js'
import type { Scenarios } from './cast.js'
import { fraudScenarios } from './fraud_scenarios.js'
import { partnerScenarios } from './partner_scenarios.js'
import { paymentScenarios } from './payment_scenarios.js'

export const scenarios: Scenarios = {
  ...accountScenarios,
  ...paymentScenarios,
  ...fraudScenarios,
  ...partnerScenarios,
}

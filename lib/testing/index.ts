export type { Open } from './ground.js'
export { type ContractTest, storeContract } from './store_contract.js'

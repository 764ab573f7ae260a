export type { Open } from './fixture.js'
export { type ContractTest, storeContract } from './store_contract.js'

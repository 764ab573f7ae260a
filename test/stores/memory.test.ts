import { memoryStore } from 'oidc-provider-deferred'
import { contract } from './contract.js'

const store = memoryStore()

contract(() => store)

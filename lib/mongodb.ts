export { mongoAdapter } from './adapter/mongodb.js'

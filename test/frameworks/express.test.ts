import express from 'express'
import { createApp } from './express/app.js'
import { testMounts } from './steps.js'

testMounts({
  Express: { by: createApp },
  'Express in Express': { by: (provider) => express().use('/login', createApp(provider)), below: '/login' },
  'Express after its body parsers': {
    by: (provider) => express().use(express.json(), express.urlencoded(), createApp(provider)),
    parses: true,
  },
})

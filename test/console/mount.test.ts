import { createServer, type RequestListener } from 'node:http'
import formbody from '@fastify/formbody'
import middie from '@fastify/middie'
import { bodyParser } from '@koa/bodyparser'
import { Module } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import express from 'express'
import fastify from 'fastify'
import Koa from 'koa'
import mount from 'koa-mount'
import 'reflect-metadata'
import { describe, expect, test } from 'vitest'
import { revisionIn, startDesk } from './desk.js'

type By = (desk: Koa, path: string) => RequestListener

/** A listener that is ready later. */
function later(ready: Promise<RequestListener>): RequestListener {
  return async (req, res) => (await ready)(req, res)
}

class AppModule {}
Module({})(AppModule)

const mounts: Record<string, By> = {
  'koa-mount': (desk, path) => new Koa().use(mount(path, desk)).callback(),
  'koa-mount twice': (desk, path) => {
    const inner = new Koa().use(mount(path.replace('/staff', ''), desk))
    return new Koa().use(mount('/staff', inner)).callback()
  },
  'Koa after a body parser': (desk, path) => new Koa().use(bodyParser()).use(mount(path, desk)).callback(),
  Express: (desk, path) => express().use(path, desk.callback()),
  'Express after body parsers': (desk, path) =>
    express()
      .use(express.json(), express.urlencoded({ extended: true }))
      .use(path, desk.callback()),
  'Express with a router': (desk, path) =>
    express().use('/staff', express.Router().use(path.replace('/staff', ''), desk.callback())),
  Fastify: (desk, path) => {
    const app = fastify()
    const start = async () => {
      await app.register(middie)
      await app.register(formbody)
      app.use(path, desk.callback())
      await app.ready()
      const listener: RequestListener = (req, res) => app.routing(req, res)
      return listener
    }
    return later(start())
  },
  Nest: (desk, path) => {
    const start = async () => {
      const app = await NestFactory.create(AppModule, { logger: false })
      app.use(path, desk.callback())
      await app.init()
      return app.getHttpAdapter().getInstance() as RequestListener
    }
    return later(start())
  },
  'no framework': (desk, path) => {
    const callback = desk.callback()
    return (req, res) => {
      const own = req as typeof req & { originalUrl?: string }
      own.originalUrl = req.url ?? ''
      req.url = (req.url ?? '').slice(path.length) || '/'
      callback(req, res)
    }
  },
}

/** The addresses in a page, as a browser resolves them. */
function addresses(html: string, base: string): URL[] {
  return [...html.matchAll(/(?:href|src|action)="([^"#]*)"/g)].map(
    ([, address = '']) => new URL(address.replaceAll('&amp;', '&'), base),
  )
}

describe.each(Object.entries(mounts))('mounted with %s', (_, by) => {
  test('every link stays below the prefix, and a whole review works', async () => {
    const desk = await startDesk({}, { path: '/staff/desk', by })
    const id = await desk.add({ scope: ['openid', 'email'] })
    const bare = await fetch(desk.url.slice(0, -1), { headers: { cookie: 'staff=kim' } })
    expect([bare.status, bare.url]).toEqual([200, desk.url])
    for (const path of ['', `deferrals/${id}`, 'nowhere/at/all']) {
      const html = await (await desk.get(path)).text()
      for (const { href } of addresses(html, desk.url + path)) expect(href.startsWith(desk.url)).toBe(true)
    }
    const html = await (await desk.get(`deferrals/${id}`)).text()
    const sheet = addresses(html, `${desk.url}deferrals/${id}`).find(({ pathname }) => pathname.endsWith('.css'))
    expect((await fetch(sheet!)).headers.get('content-type')).toContain('text/css')
    const form = new URLSearchParams({ revision: revisionIn(html), confirmed: 'yes', offered: 'scope' })
    form.append('scope', '0')
    form.append('scope', '1')
    const answer = await desk.post(`deferrals/${id}/approve`, form)
    expect(answer.status).toBe(303)
    const done = new URL(answer.headers.get('location')!, `${desk.url}deferrals/${id}/approve`)
    expect(done.href).toBe(`${desk.url}deferrals/${id}?done=approved`)
    expect((await desk.op.provider.deferrals.get(id))?.decision).toMatchObject({ by: 'kim' })
    await desk.close()
  })
})

test('behind a proxy that takes a prefix away and changes the host', async () => {
  const desk = await startDesk()
  const id = await desk.add()
  const proxy = createServer(async (req, res) => {
    const answer = await fetch(new URL((req.url ?? '').replace('/ops/', '/'), desk.url), {
      headers: { cookie: 'staff=kim' },
      redirect: 'manual',
    })
    res.writeHead(answer.status, { location: answer.headers.get('location') ?? '' }).end(await answer.text())
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => proxy.once('listening', resolve))
  const address = proxy.address()
  const origin = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
  const bare = await fetch(`${origin}/ops/desk`)
  expect(bare.url).toBe(`${origin}/ops/desk/`)
  const base = `${origin}/ops/desk/deferrals/${id}`
  const html = await (await fetch(base)).text()
  for (const { href } of addresses(html, base)) expect(href.startsWith(`${origin}/ops/desk/`)).toBe(true)
  proxy.closeAllConnections()
  await new Promise((resolve) => proxy.close(resolve))
  await desk.close()
})

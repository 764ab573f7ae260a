import 'reflect-metadata'
import { Module } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import type { NestExpressApplication } from '@nestjs/platform-express'
import { Provider } from 'oidc-provider-deferred'
import { SignInController } from './sign_in.controller.js'

@Module({ controllers: [SignInController] })
class AppModule {}

/** A Nest application with the provider below /oidc. The issuer is `https://op.example/oidc`. */
export async function createApp(provider: Provider): Promise<NestExpressApplication> {
  const module = { module: AppModule, providers: [{ provide: Provider, useValue: provider }] }
  // region mount
  const app = await NestFactory.create<NestExpressApplication>(module, { logger: false })
  // runs before the body parsers, guards and interceptors of Nest
  app.use('/oidc', app.get(Provider).callback())
  // endregion
  return app
}

import 'reflect-metadata'
import { All, Controller, Inject, Module, type NestApplicationOptions, Req, Res } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import type { NestExpressApplication } from '@nestjs/platform-express'
import type { Request, Response } from 'express'
import { Provider } from 'oidc-provider-deferred'
import { SignInController } from './sign_in.controller.js'

// region mount
@Controller('oidc')
class OidcController {
  readonly callback: ReturnType<Provider['callback']>

  constructor(@Inject(Provider) provider: Provider) {
    this.callback = provider.callback()
  }

  @All('{*path}')
  handle(@Req() req: Request, @Res() res: Response): Promise<void> {
    // the provider routes by the path below the mount, and finds the mount in originalUrl
    req.url = req.originalUrl.slice('/oidc'.length)
    return this.callback(req, res)
  }
}
// endregion

@Module({ controllers: [OidcController, SignInController] })
class AppModule {}

/** The same with a controller: guards and interceptors of the application run for requests to the provider, too. */
export function createApp(provider: Provider, options: NestApplicationOptions = {}): Promise<NestExpressApplication> {
  const module = { module: AppModule, providers: [{ provide: Provider, useValue: provider }] }
  return NestFactory.create<NestExpressApplication>(module, { logger: false, ...options })
}

import { Controller, Get, Inject, Req, Res } from '@nestjs/common'
import type { Request, Response } from 'express'
import { Provider } from 'oidc-provider-deferred'
import { signIn } from '../sign_in.js'

@Controller('sign-in')
export class SignInController {
  readonly provider: Provider

  constructor(@Inject(Provider) provider: Provider) {
    this.provider = provider
  }

  @Get(':uid')
  show(@Req() req: Request, @Res() res: Response): Promise<void> {
    return signIn(this.provider, req, res)
  }
}

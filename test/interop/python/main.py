"""Authlib. It has no loop of its own: fetch_token sends one request, with any grant type and any parameters."""

import os
import sys
import time

from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session

OPENID = "urn:openid:params:grant-type:deferred"
OAUTH = "urn:ietf:params:oauth:grant-type:deferred"

session = OAuth2Session(
    os.environ["CLIENT_ID"], os.environ["CLIENT_SECRET"], token_endpoint=os.environ["TOKEN_ENDPOINT"]
)
# the exception has the error and its description only; the hook sees the whole answer
answers = []


def keep(response):
    answers.append(response.json())
    return response


session.register_compliance_hook("access_token_response", keep)


def exchange():
    answer = session.fetch_token(grant_type=OPENID, deferred_code=os.environ["DEFERRED_CODE"])
    return answer["deferred_auth_id"]


def ask():
    try:
        session.fetch_token(grant_type="client_credentials", completion_mode="deferred")
    except OAuthError:
        return answers[-1]["deferral_code"]
    raise AssertionError("tokens at once")


def poll(**parameters):
    interval = 1
    while True:
        try:
            return "tokens" if session.fetch_token(**parameters)["access_token"] else "no access token"
        except OAuthError as error:
            if error.error == "slow_down":
                interval += 5
            elif error.error not in ("authorization_pending", "interaction_required"):
                return error.error
        time.sleep(interval)


if sys.argv[1] == "exchange":
    print("deferred_auth_id" if exchange() else "nothing")
elif sys.argv[1] == "openid":
    print(poll(grant_type=OPENID, deferred_auth_id=exchange()))
else:
    print(poll(grant_type=OAUTH, deferral_code=ask()))

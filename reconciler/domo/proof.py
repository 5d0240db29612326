"""Whether a client's secret works: it signs in, and nothing else is done with the token."""

from collections.abc import Iterable
from typing import Final

import httpx

from reconciler.domo import requests, wire
from reconciler.domo.errors import called, phrase
from reconciler.domo.words import words
from reconciler.model.instance import Instance
from reconciler.model.secret import Secret
from reconciler.ports import Claim, ProofOutcome, Refused, Unproven, Works

_METHOD_NOT_ALLOWED: Final = 405


async def prove(
    instance: Instance, claim: Claim, *, client: httpx.AsyncClient, hidden: Iterable[Secret] = ()
) -> ProofOutcome:
    """Sign in with a client's secret; `hidden` is what else no text of the server may repeat."""
    basic = httpx.BasicAuth(claim.client_id, claim.secret.reveal())
    try:
        answer = await client.send(requests.prove(instance), auth=basic)
        if answer.status_code == _METHOD_NOT_ALLOWED:
            answer = await client.send(requests.prove_by_get(instance), auth=basic)
    except httpx.RequestError as failure:
        return Unproven(reason=phrase(failure), request=called(failure.request))
    at = called(answer.request)
    if answer.status_code == 200:
        return _proof(answer, at)
    kept_back = (*hidden, claim.secret)
    reason = f"Domo answered {words(answer, kept_back)}"
    refused = answer.status_code == 401 or wire.is_invalid_client(answer.content)
    return (Refused if refused else Unproven)(reason=reason, request=at)


def _proof(answer: httpx.Response, at: str) -> Works | Unproven:
    try:
        works = wire.access_token(answer.content)
    except wire.Unusable as unusable:
        return Unproven(reason=str(unusable), request=at)
    return Works() if works else Unproven(reason="the answer has no access token", request=at)

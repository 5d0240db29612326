"""Prove that a client's secret works: sign in with it, and discard the token."""

from collections.abc import Iterable
from typing import Final

import httpx

from reconciler.domo import requests, responses
from reconciler.domo.error_text import describe_answer
from reconciler.domo.errors import called, phrase
from reconciler.model.instance import Instance
from reconciler.model.secret import Secret
from reconciler.ports import ClientCredentials, Inconclusive, Invalid, ProofOutcome, Valid

_METHOD_NOT_ALLOWED: Final = 405


async def prove(
    instance: Instance,
    claim: ClientCredentials,
    *,
    client: httpx.AsyncClient,
    hidden: Iterable[Secret] = (),
) -> ProofOutcome:
    """Sign in with a client's secret; `hidden` are other secrets that no message may repeat."""
    basic = httpx.BasicAuth(claim.client_id, claim.secret.reveal())
    try:
        answer = await client.send(requests.prove(instance), auth=basic)
        if answer.status_code == _METHOD_NOT_ALLOWED:
            answer = await client.send(requests.prove_by_get(instance), auth=basic)
    except httpx.RequestError as failure:
        return Inconclusive(reason=phrase(failure), request=called(failure.request))
    at = called(answer.request)
    if answer.status_code == 200:
        return _proof(answer, at)
    kept_back = (*hidden, claim.secret)
    reason = f"Domo answered {describe_answer(answer, kept_back)}"
    refused = answer.status_code == 401 or responses.is_invalid_client(answer.content)
    return (Invalid if refused else Inconclusive)(reason=reason, request=at)


def _proof(answer: httpx.Response, at: str) -> Valid | Inconclusive:
    try:
        works = responses.access_token(answer.content)
    except responses.Unusable as unusable:
        return Inconclusive(reason=str(unusable), request=at)
    return Valid() if works else Inconclusive(reason="the answer has no access token", request=at)

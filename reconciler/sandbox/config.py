"""The config of a fleet: one instance for each key, each with every sign-on method."""

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """The credentials of one simulated instance; they open nothing else, so they are plain text."""

    domain: str
    email: str
    password: str
    cookie: str
    token: str


def fleet(
    keys: Iterable[str], *, seed: int | None = None, domain: str = "{key}.domo.com", **rules: Any
) -> dict[str, Any]:
    """Return a config with an administrator `ops@KEY.example` on each instance; see `Rules`."""
    draw = random.Random(seed)  # noqa: S311 (passwords of a sandbox have to repeat)
    instances = {domain.format(key=key): _instance(key, draw, rules) for key in keys}
    return {"seed": seed, "instances": instances}


def login(config: Mapping[str, Any], domain: str) -> Login:
    """Return the first user's credentials on an instance of `fleet`."""
    instance = config["instances"][domain]
    user = instance["users"][0]
    return Login(
        domain=domain,
        email=user["email"],
        password=user["password"],
        cookie=next(iter(instance["cookies"])),
        token=next(iter(instance["tokens"])),
    )


def _instance(key: str, draw: random.Random, rules: Mapping[str, Any]) -> dict[str, Any]:
    email = f"ops@{key}.example"
    return {
        "users": [{"email": email, "password": f"pw-{draw.getrandbits(96):024x}"}],
        "cookies": {f"dsid-{draw.getrandbits(128):032x}": email},
        "tokens": {f"dp-{draw.getrandbits(128):032x}": email},
        **rules,
    }

"""The state of the sandbox: every instance behind the port, sessions, faults and the log."""

import base64
import random
import uuid
from collections import Counter, deque
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from itertools import count
from typing import Any, Final, Self
from urllib.parse import quote

import orjson

from reconciler.documents.schema import validate
from reconciler.sandbox.entities import Client, Logged, Rules, Session, User
from reconciler.sandbox.faults import Fault, Faults
from reconciler.sandbox.instance import Instance
from reconciler.sandbox.spelling import respelled

SCOPES: Final = frozenset(("account", "audit", "buzz", "dashboard", "data", "user", "workflow"))
LOG_LENGTH: Final = 100_000


@dataclass(slots=True, kw_only=True)
class SandboxState:
    """The state of the sandbox. Latency and jitter are in seconds."""

    config: Mapping[str, Any]
    draw: random.Random
    latency: float = 0.0
    jitter: float = 0.0
    faults: Faults = field(default_factory=Faults)
    instances: dict[str, Instance] = field(default_factory=dict)
    sessions: dict[str, Session] = field(default_factory=dict)
    log: deque[Logged] = field(default_factory=lambda: deque(maxlen=LOG_LENGTH))
    counts: dict[str | None, Counter[str]] = field(default_factory=dict)
    requests: int = 0
    _owners: dict[str, tuple[Instance, int]] = field(default_factory=dict)
    _given: set[int] = field(default_factory=set)
    _users: "count[int]" = field(default_factory=lambda: count(100_001))
    _numbers: "count[int]" = field(default_factory=lambda: count(1_001))
    _orders: "count[int]" = field(default_factory=lambda: count(1))

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """Build a world from a plain mapping; the package's docstring describes the form.

        Raises:
            ValueError: with the place and a description of the mistake.

        """
        validate(config, "sandbox")
        world = cls(
            config=config,
            draw=random.Random(config.get("seed")),  # noqa: S311 (secrets of a sandbox repeat)
            latency=config.get("latency", 0.0),
            jitter=config.get("jitter", 0.0),
            faults=Faults(Fault(**each) for each in config.get("faults", ())),
        )
        for domain, each in config.get("instances", {}).items():
            world.add_instance(domain, each)
        return world

    def reset(self, config: Mapping[str, Any] | None = None) -> None:
        """Start again, from another config or from the original one.

        Raises:
            ValueError: the config is wrong; the world is unchanged.

        """
        fresh = SandboxState.from_config(self.config if config is None else config)
        for each in fields(self):
            setattr(self, each.name, getattr(fresh, each.name))

    def add_instance(self, domain: str, config: Any) -> None:
        """Add an instance.

        Raises:
            ValueError: with a description of the mistake.

        """
        validate(config, "sandbox", "instance")
        given = dict(config)
        clients = given.pop("clients", ())
        instance = Instance(domain=domain, rules=Rules(), stranger=next(self._users))
        self.configure(instance, given)
        self.instances[domain] = instance
        for each in clients:
            self.add_client(Placement(**each), domain, by="config", now=0)

    def configure(self, instance: Instance, changes: Mapping[str, Any]) -> None:
        """Change rules, users (matched by e-mail address), cookies and tokens, or end sessions.

        Raises:
            ValueError: with a description of the mistake; nothing is changed.

        """
        validate(changes, "sandbox", "instance")
        given = dict(changes)
        if given.pop("clients", ()):
            raise ValueError(f"{instance.domain}: clients are added one by one")
        end = given.pop("end_sessions", False)
        users = self._changed_users(instance, given.pop("users", ()))
        for name in ("cookies", "tokens", "token_expiries"):
            setattr(instance, name, dict(given.pop(name, getattr(instance, name))))
        instance.rules = replace(instance.rules, **given)
        instance.users |= users
        if end:
            self.end_sessions(instance.domain)

    def open_session(self, instance: Instance, user: User, now: float) -> str:
        """Open a session and return its token."""
        seconds = instance.rules.session_seconds
        token = _session_token(
            {
                "userId": user.id,
                "customerId": instance.domain.partition(".")[0],
                "toes": self.draw.randbytes(24).hex(),
                "timestamp": int(now * 1000),
                "expiration": int((now + (28_800 if seconds is None else seconds)) * 1000),
            }
        )
        self.sessions[token] = Session(
            domain=instance.domain,
            email=user.email,
            ends=None if seconds is None else now + seconds,
            left=instance.rules.session_requests,
        )
        return token

    def use_session(self, token: str, now: float) -> Session | None:
        """Return a valid session and count the request; remove a session that is not valid."""
        session = self.sessions.get(token)
        if session is None or not session.holds(now):
            self.sessions.pop(token, None)
            return None
        if session.left is not None:
            self.sessions[token] = replace(session, left=session.left - 1)
        return session

    def end_sessions(self, domain: str) -> None:
        """End every session of an instance; access tokens and cookies stay valid."""
        ended = [token for token, each in self.sessions.items() if each.domain == domain]
        for token in ended:
            del self.sessions[token]

    def add_client(self, wanted: "Placement", domain: str, *, by: str, now: float) -> Client:
        """Add a client to an instance; ids and secret are random unless given.

        Raises:
            ValueError: the instance or the owner is unknown, or a name, id or client id is taken.

        """
        instance = self.known(domain)
        owner = None if wanted.owner is None else instance.users.get(wanted.owner)
        if wanted.owner is not None and owner is None:
            raise ValueError(f"{domain}: no user `{wanted.owner}`")
        client = Client(
            id=self._number(wanted.id),
            name=instance.stored_name(wanted.name),
            description=instance.stored_description(wanted.description),
            scope=_scope(wanted.scope, instance),
            owner=instance.stranger if owner is None else owner.id,
            client_id=wanted.client_id or self._uuid(),
            client_secret=wanted.client_secret or f"{self.draw.getrandbits(256):064x}",
            order=next(self._orders),
            made_at=now,
            made_by=by,
        )
        if client.client_id in self._owners:
            raise ValueError(f"{domain}: client id `{client.client_id}` is taken")
        instance.add(client)
        self._owners[client.client_id] = (instance, client.id)
        return client

    def remove(self, instance: Instance, number: int, *, by: str, now: float) -> None:
        """Revoke a client."""
        client = instance.remove(number, order=next(self._orders), now=now, by=by)
        del self._owners[client.client_id]

    def client_with(self, client_id: str) -> tuple[Instance, Client] | None:
        """Return the client with that client id, and its instance."""
        found = self._owners.get(client_id)
        return None if found is None else (found[0], found[0].clients[found[1]])

    def known(self, domain: str) -> Instance:
        """Return an instance.

        Raises:
            ValueError: no instance has that domain.

        """
        if domain not in self.instances:
            raise ValueError(f"no instance `{domain}`")
        return self.instances[domain]

    def log_request(self, entry: Logged) -> None:
        """Log one request, and count it by instance and route."""
        self.requests = entry.number
        self.log.append(entry)
        self.counts.setdefault(entry.instance, Counter())[entry.route] += 1

    def _changed_users(
        self, instance: Instance, given: Iterable[Mapping[str, Any]]
    ) -> dict[str, User]:
        changed: dict[str, User] = {}
        for values in given:
            email = values["email"]
            old = instance.users.get(email)
            if old is None and "password" not in values:
                raise ValueError(f"{instance.domain}: the new user `{email}` needs a password")
            before = {"id": next(self._users)} if old is None else asdict(old)
            # An unlocked user starts again without wrong passwords.
            unlocked = {"wrong": 0} if values.get("locked") is False else {}
            changed[email] = User(**{**before, **unlocked, **values})
        return changed

    def _number(self, given: int | None) -> int:
        """Return a client's numeric id; a random one is never used again."""
        if given is None:
            return next(each for each in self._numbers if each not in self._given)
        self._given.add(given)
        return given

    def _uuid(self) -> str:
        return str(uuid.UUID(int=self.draw.getrandbits(128), version=4))


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """A client to add to an instance; `owner` is an e-mail address, None for another user."""

    name: str
    scope: list[Any] | tuple[Any, ...]
    description: str = ""
    owner: str | None = None
    id: int | None = None
    client_id: str | None = None
    client_secret: str | None = None


def _scope(given: Iterable[Any], instance: Instance) -> tuple[str, ...]:
    """Return a client's scopes as the instance stores them."""
    scope, known = tuple(given), scopes_of(instance)
    if not scope or not all(isinstance(each, str) and each.lower() in known for each in scope):
        raise ValueError(f"{instance.domain}: `scope` is a list of {', '.join(sorted(known))}")
    kept = (*scope, *instance.rules.added_scopes.split())
    return tuple(dict.fromkeys(respelled(each, instance.rules.scope_case) for each in kept))


def scopes_of(instance: Instance) -> frozenset[str]:
    """Return the scopes that an instance accepts."""
    return SCOPES | frozenset(instance.rules.more_scopes.split())


def _session_token(content: Mapping[str, Any]) -> str:
    """Return URL-encoded base64 JSON, the form of Domo's session tokens."""
    return quote(base64.b64encode(orjson.dumps(content)).decode(), safe="")

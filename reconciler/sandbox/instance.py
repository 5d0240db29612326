"""One simulated instance: its users, credentials and clients."""

import math
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from reconciler.sandbox.entities import Client, Revoked, Rules, User
from reconciler.sandbox.spelling import folded, respelled


@dataclass(slots=True, kw_only=True)
class Instance:
    """The data of one instance; names are unique in it.

    `stranger` is the id of a user who never signs on and owns the clients without another owner.
    `cookies` and `tokens` are values → e-mail addresses, `token_expiries` are values →
    milliseconds since the epoch. `sign_ins` counts by client id.
    """

    domain: str
    rules: Rules
    stranger: int
    users: dict[str, User] = field(default_factory=dict)
    cookies: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    token_expiries: dict[str, int] = field(default_factory=dict)
    clients: dict[int, Client] = field(default_factory=dict)
    revoked: list[Revoked] = field(default_factory=list)
    sign_ins: Counter[str] = field(default_factory=Counter)
    _names: dict[str, int] = field(default_factory=dict)
    _recent: deque[float] = field(default_factory=deque)

    def password_opens(self, email: str, password: str) -> User | str:
        """Return the user, or the reason of the refusal; too many wrong passwords lock the user."""
        user = self.users.get(email)
        if user is None:
            return "INVALID_CREDENTIALS"
        if password != user.password and not user.locked:
            wrong = user.wrong + 1
            user = replace(user, wrong=wrong, locked=wrong >= self.rules.wrong_passwords)
            self.users[email] = user
            return "ACCOUNT_LOCKED" if user.locked else "INVALID_CREDENTIALS"
        return self._admitted(user)

    def cookie_opens(self, value: str | None) -> User | str:
        """Return the user whose `_dsidv1` this is, or the reason of the refusal."""
        user = self.users.get(self.cookies.get(value or "", ""))
        return "INVALID_CREDENTIALS" if user is None else self._admitted(user)

    def token_opens(self, value: str, now: float) -> User | None:
        """Return the user of an access token, None if it is unknown or has expired."""
        if now * 1000 >= self.token_expiries.get(value, math.inf):
            return None
        return self.users.get(self.tokens.get(value, ""))

    def has_room(self, now: float) -> bool:
        """Count a request; return whether it is within the rate limit."""
        limit = self.rules.requests_per_second
        if limit is None:
            return True
        while self._recent and self._recent[0] <= now - 1:
            self._recent.popleft()
        if len(self._recent) >= limit:
            return False
        self._recent.append(now)
        return True

    def stored_name(self, name: str) -> str:
        """Return a name as this instance keeps it."""
        return self._stored(name, self.rules.name_limit)

    def stored_description(self, description: str) -> str:
        """Return a description as this instance keeps it."""
        return self._stored(description, self.rules.description_limit)

    def named(self, name: str) -> Client | None:
        """Return the client of that name, exactly as kept."""
        number = self._names.get(name)
        return None if number is None else self.clients[number]

    def taken(self, name: str) -> bool:
        """Return whether a client has a name that this instance treats as equal."""
        how = self.rules.same_names
        if how == "exact":
            return name in self._names
        return any(folded(each, how) == folded(name, how) for each in self._names)

    def add(self, client: Client) -> None:
        """Add a client whose name and id are free.

        Raises:
            ValueError: one of them is taken.

        """
        if client.name in self._names or client.id in self.clients:
            raise ValueError(f"{self.domain}: a client `{client.name}` or its id exists already")
        self.clients[client.id] = client
        self._names[client.name] = client.id

    def remove(self, number: int, *, order: int, now: float, by: str) -> Client:
        """Revoke a client, and keep a record of it."""
        client = self.clients.pop(number)
        del self._names[client.name]
        self.revoked.append(Revoked(client=client, order=order, revoked_at=now, revoked_by=by))
        return client

    def seen_by(self, user: User, now: float) -> Iterator[Client]:
        """Yield the clients of a list for `user`: oldest first, then revoked ones that lag."""
        for client in self.clients.values():
            listed = client.made_by == "config" or now >= client.made_at + self.rules.list_lag
            if listed and (user.admin or client.owner == user.id):
                yield client
        for each in self.revoked if self.rules.revoke_lag else ():
            lags = now < each.revoked_at + self.rules.revoke_lag
            if lags and (user.admin or each.client.owner == user.id):
                yield each.client

    def _admitted(self, user: User) -> User | str:
        if user.locked:
            return "ACCOUNT_LOCKED"
        if user.refusal is not None:
            return user.refusal
        self.users[user.email] = replace(user, wrong=0)
        return user

    def _stored(self, text: str, limit: int | None) -> str:
        kept = respelled(text.strip() if self.rules.trim else text, self.rules.stored_as)
        return kept if limit is None else kept[:limit]

"""Live names: which are taken on an instance, and what the next client is called."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from reconciler.model.address import Address
from reconciler.model.client_name import form, successor
from reconciler.model.manifest import Manifest
from reconciler.plan.observation import View
from reconciler.state.model import Entry


@dataclass(slots=True, kw_only=True)
class Names:
    """The names of a fleet while a plan is made; each one that is given out is taken from then on.

    What is known is indexed when the first name is asked for: a plan without changes asks for none.
    """

    desired: Manifest
    clients: Mapping[Address, Entry]
    views: Mapping[str, View]
    _known: dict[str, set[str]] | None = None
    _wished: dict[str, set[str]] | None = None
    _given: dict[str, set[str]] = field(default_factory=dict)

    def first(self, address: Address, *, gone: Entry | None = None) -> str:
        """Return the name of a first client: the manifest's own, unless another client has it.

        `gone` is what the state knows of the address although the instance lost it: who has
        its name now is another client.
        """
        if not self.clients:
            return address.client
        taken = self._living(address.instance)
        if gone is not None:
            view = self.views.get(address.instance)
            taken = (taken - {form(gone.live_name)}).union(view.names if view else ())
        if form(address.client) not in taken:
            return address.client
        return self.next(address, address.client)

    def next(self, address: Address, last: str) -> str:
        """Return the name of the client that succeeds the one called `last`."""
        view = self.views.get(address.instance)
        given = self._given.setdefault(address.instance, set())
        taken = given | self._living(address.instance) | self._wanted(address.instance)
        chosen = successor(address.client, last, taken.union(view.names if view else ()))
        given.add(form(chosen))
        return chosen

    def _living(self, instance: str) -> set[str]:
        if self._known is None:
            self._known = {}
            for address, entry in self.clients.items():
                names = self._known.setdefault(address.instance, set())
                names.add(form(entry.live_name))
                names.update(form(each.live_name) for each in entry.retiring)
        return self._known.get(instance, set())

    def _wanted(self, instance: str) -> set[str]:
        """Return the names in the manifest: one of them may be created by this very plan."""
        if self._wished is None:
            self._wished = {}
            for each in self.desired.clients:
                self._wished.setdefault(each.instance, set()).add(form(each.client))
        return self._wished.get(instance, set())

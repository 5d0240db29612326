"""What an edit of the state did, as a document."""

from collections.abc import Iterable, Mapping

from reconciler.documents.envelope import envelope
from reconciler.model.address import Address


def document(edit: str, serial: int, addresses: Iterable[Address | str]) -> Mapping[str, object]:
    """Return an edit of the state as an object for a program."""
    return {
        **envelope("state-edit"),
        "edit": edit,
        "serial": serial,
        "addresses": [str(each) for each in addresses],
    }

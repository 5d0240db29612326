"""The phrase that describes how a client and its successor differ."""

from reconciler.model.strings import printable


def successor_phrase(
    before: tuple[tuple[str, ...], str], after: tuple[tuple[str, ...], str]
) -> str:
    """Describe how a client and its successor differ; each side is a scope and a description.

    The scope is shown before and after. A description may be long and is only named.
    """
    old, new = (printable(" ".join(scope)) for scope, _ in (before, after))
    phrases = [f"scope {old} → {new}"] if before[0] != after[0] else []
    return "; ".join(phrases + ["description changed"] * (before[1] != after[1]))

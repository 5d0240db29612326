"""The two keys with which every JSON answer and every ledger line begins."""


def envelope(name: str, version: int = 1) -> dict[str, object]:
    """Return the format and the version of a document, such as `reconciler.plan` and 1."""
    return {"format": f"reconciler.{name}", "version": version}

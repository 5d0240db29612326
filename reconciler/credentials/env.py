"""The value of an environment variable."""

import os
from collections.abc import Mapping

from reconciler.model.errors import CredentialUnavailable
from reconciler.model.reference import EnvRef


def read(reference: EnvRef, environ: Mapping[str, str]) -> bytes:
    """Return the variable's bytes.

    Raises:
        CredentialUnavailable: it is not set, or empty.

    """
    value = environ.get(reference.name)
    if not value:
        raise CredentialUnavailable(
            f"{reference} is {'not set' if value is None else 'empty'}",
            hint=f"set {reference.name} for this run; in CI, hand it to the step that runs this",
        )
    return os.fsencode(value)

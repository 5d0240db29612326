"""Reads the values of `--rule` and `--instances` of `reconciler sandbox`."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from reconciler.model.address import is_instance_key
from reconciler.model.errors import UsageError

if TYPE_CHECKING:
    from reconciler.sandbox.server_state import SandboxState

KEYS: Final = ("acme-prod", "acme-dev", "globex")
LABEL: Final = 63
"""The most characters of a part of a host name."""


def read_world(
    keys: Sequence[str], rules: Sequence[str], faults: Sequence[str]
) -> "tuple[Mapping[str, Any], SandboxState]":
    """Return the configuration of a sandbox, and the sandbox with its faults.

    Raises:
        UsageError: a rule or a fault is wrong.

    """
    from reconciler.sandbox.config import fleet
    from reconciler.sandbox.faults import Fault
    from reconciler.sandbox.server_state import SandboxState

    try:
        config = fleet(keys, **dict(map(_read_rule, rules)))
        world = SandboxState.from_config(config)
    except ValueError as error:
        raise UsageError(str(error), hint="for example: --rule list_shape=pages") from None
    for each in faults:
        try:
            world.faults.add(Fault.parse(each))
        except ValueError as error:
            raise UsageError(
                str(error), hint="for example: --fault lost_answer:route=create,times=2"
            ) from None
    return config, world


def _read_rule(text: str) -> tuple[str, Any]:
    """Read one `KEY=VALUE`.

    Raises:
        ValueError: there is no `=`, or the key is not one of `Rules`.

    """
    from dataclasses import fields

    from reconciler.sandbox.entities import Rules
    from reconciler.sandbox.faults import read_value

    key, equals, value = text.partition("=")
    known = {each.name: each.default for each in fields(Rules)}
    if not equals or key not in known:
        raise ValueError(
            f"rule `{text}`: write KEY=VALUE, KEY is one of {', '.join(sorted(known))}"
        )
    # The empty form `null` of a list is a word, not YAML's null.
    word = value == "null" and key in {"empty_list", "mask_client_ids", "echo"}
    return key, value if word else read_value(value)


def read_keys(instances: str) -> tuple[str, ...]:
    """Return the keys that `--instances` asks for: the first N of a list, or those it names."""
    if instances.isdecimal() and int(instances):
        more = (f"instance-{number}" for number in range(len(KEYS) + 1, int(instances) + 1))
        return (*KEYS[: int(instances)], *more)
    keys = tuple(dict.fromkeys(key.strip() for key in instances.split(",")))
    for key in keys:
        if not is_instance_key(key) or key.endswith("-") or len(key) > LABEL:
            raise UsageError(
                f"`{key}` is not an instance key",
                hint="a key is a part of a host name: a-z, 0-9 and `-`, as in acme-prod",
            )
    return keys

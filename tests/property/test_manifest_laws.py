"""Laws of manifests: whatever the bytes are, whatever the order is."""

import random
import re
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.manifest.error_collector import ErrorCollector
from reconciler.manifest.load import Source, load
from reconciler.manifest.schema.errors import ViolationReporter
from reconciler.manifest.schema.valid_subset import pruned
from reconciler.manifest.schema.validator import ManifestSchema
from reconciler.manifest.yaml.parser import parse
from reconciler.manifest.yaml.source_map import SourceMap
from reconciler.model.errors import InvalidInput
from reconciler.model.manifest import Manifest

# fmt: off
KEYS = st.sampled_from(
    [
        "version", "instances", "sinks", "defaults", "auth", "method", "token", "env", "file",
        "command", "clients", "name", "scope", "sink", "select", "labels", "all", "overlap",
        "rotate_after", "protect", "state", "path", "encryption", "age", "recipients", "type",
        "format", "limits", "max_revoke", "rollout", "canary", "then", "moved", "from", "to",
        "endpoints", "api", "x-a", "client_sets", "a", "b",
    ]
)
WORDS = st.sampled_from(
    [
        "1", "a", "b", "data", "user", "token", "password", "cookie", "file", "exec", "keep",
        "90d", "0", "10%", "true", "{instance}", "{client}", "a/b", "a.b", "-x", "..", "/",
        "never", "state", "json", "TOKEN", "https://x",
    ]
)
# fmt: on
LEAVES = WORDS | st.integers(-2, 101) | st.booleans() | st.none() | st.text(max_size=6)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)
SECTIONS = st.dictionaries(KEYS, VALUES, max_size=5)

CLIENT = st.fixed_dictionaries(
    {"name": st.sampled_from(["A", "B", "a/b", "..", "-x"]), "scope": st.just(["data"])},
    optional={
        "sink": st.sampled_from(["f", "e", "state", ["f", "e"], "no"]),
        "override": st.booleans(),
    },
)
INSTANCE = st.fixed_dictionaries(
    {},
    optional={
        "clients": st.lists(CLIENT, max_size=3),
        "labels": st.dictionaries(st.sampled_from(["env", "r"]), WORDS.map(str), max_size=2),
        "domain": st.sampled_from(["a.com", "b.com"]),
        "sink": st.sampled_from(["f", "e"]),
    },
)
MANIFEST = st.fixed_dictionaries(
    {
        "version": st.just(1),
        "defaults": st.just({"auth": {"method": "token", "token": {"env": "T_{INSTANCE}"}}}),
        "sinks": st.just(
            {
                "f": {"type": "file", "path": "x/{instance}/{labels.env}{client}"},
                "e": {"type": "exec", "command": ["put", "{client}"]},
            }
        ),
        "instances": st.dictionaries(st.sampled_from(["a", "b", "c"]), INSTANCE, max_size=3),
        "client_sets": st.dictionaries(
            st.sampled_from(["s", "t"]),
            st.fixed_dictionaries(
                {
                    "select": st.sampled_from([{"all": True}, {"labels": {"env": "a"}}]),
                    "clients": st.lists(CLIENT, max_size=2),
                }
            ),
            max_size=2,
        ),
    }
)


def outcome(sources: list[Source]) -> Manifest | tuple[Any, ...]:
    """Load, and return what is wanted or what is wrong."""
    try:
        return load(sources, root="/root", read=lambda _: "")
    except InvalidInput as error:
        found = error.diagnostics
    assert found
    return found


@given(st.binary(max_size=200))
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_a_manifest_or_a_report(data: bytes) -> None:
    """No file raises anything but the report."""
    outcome([Source(name="m", data=data)])


@given(st.text("ab:-?!&*#{}[],|>%@`\"' \n\t0.~<", max_size=80))
@settings(max_examples=400, deadline=None)
def test_any_text_of_yaml_s_signs_is_a_manifest_or_a_report(text: str) -> None:
    """Not even the signs that YAML is made of do."""
    outcome([Source(name="m", data=b"version: 1\n" + text.encode())])


@given(SECTIONS)
@settings(max_examples=300, deadline=None)
def test_any_values_are_a_manifest_or_a_report(values: dict[str, Any]) -> None:
    """Nor do values of wrong shapes under right keys."""
    text = yaml.safe_dump({"version": 1, **values}, allow_unicode=True)
    outcome([Source(name="m", data=text.encode())])


@given(SECTIONS)
@settings(max_examples=300, deadline=None)
def test_the_fast_and_the_slow_validator_agree(values: dict[str, Any]) -> None:
    """A document fails with a reason, and only then."""
    shape = ManifestSchema()
    for value in ({"version": 1, **values}, {"version": 1, "instances": {"a": values}}):
        assert shape.accepts(value) == (not list(shape.violations(value)))


@given(SECTIONS, SECTIONS, st.sampled_from(["instances", "client_sets", "sinks"]))
@settings(max_examples=300, deadline=None)
def test_what_is_left_of_a_wrong_document_is_right(
    values: dict[str, Any], inner: dict[str, Any], under: str
) -> None:
    """Without the parts that were reported, the rest can be read further."""
    text = yaml.safe_dump({**values, under: {"a": inner}, "version": 1})
    source_map, report, shape = SourceMap(), ErrorCollector(), ManifestSchema()
    parsed = parse(text, base=source_map.add("m", text), source_map=source_map, report=report)
    assert parsed is not None
    explainer = ViolationReporter(parsed.value, parsed.at, source_map, report)
    assert explainer.explain(shape.violations(parsed.value))
    assert shape.accepts(pruned(parsed.value, explainer.invalid, source_map))


@given(MANIFEST)
@settings(max_examples=300, deadline=None)
def test_both_validators_take_a_right_document(value: dict[str, Any]) -> None:
    """What is meant to be right is right for both."""
    shape = ManifestSchema()
    assert shape.accepts(value)
    assert not list(shape.violations(value))


@given(MANIFEST, st.randoms(use_true_random=False))
@settings(max_examples=200, deadline=None)
def test_the_order_of_files_does_not_matter(value: dict[str, Any], rng: random.Random) -> None:
    """Divided into files, in any order, a manifest says the same or has the same mistakes."""
    sources = [
        Source(name=f"{key}.yaml", data=yaml.safe_dump({"version": 1, key: part}).encode())
        for key, part in value.items()
    ]
    shuffled = sources.copy()
    rng.shuffle(shuffled)
    assert outcome(sources) == outcome(shuffled)


@given(MANIFEST)
@settings(max_examples=200, deadline=None)
def test_targets_are_never_shared(value: dict[str, Any]) -> None:
    """Where a manifest is right, every file and command belongs to one client."""
    desired = outcome([Source(name="m", data=yaml.safe_dump(value).encode())])
    if isinstance(desired, Manifest):
        targets = [
            str(target)
            for client in desired.clients.values()
            for target in desired.targets(client)
            if target.sink != "state"
        ]
        assert len(set(targets)) == len(targets)
        assert list(desired.clients) == sorted(desired.clients)


SECRET = st.text("ghijkqxyz", min_size=8, max_size=20)
# fmt: off
PIECES = st.sampled_from(
    [
        "{", "}", "[", "]", ", ", ": ", ":", "'", '"', " ", "\n", "\n      ", "\n    ", "\n  ",
        "\t", "- ", "? ", "# ", "*", "&", "!", "| ", "|\n      ", "env: ", "env", "file: {",
        "command: [", "{env: X}", "{env: X, ", "{env: ", "\x01", "@", "password: ", "token:",
        "method: ", "a",
    ]
)
# fmt: on
PLACES = st.sampled_from(
    [
        "version: 1\ndefaults:\n  auth:\n    method: token\n    KEY: §\n    email: a@b\nfoo: {}\n",
        "version: 1\ninstances:\n  a:\n    auth:\n      KEY: §\n    clients: [{name: x}]\n",
        "version: 1\ndefaults: {auth: {method: token, KEY: §}}\ninstances: {a: {x: 1}}\n",
        "version: 1\ndefaults:\n  auth: {KEY: §, method: token, emial: a@b}\n  foo: 1\n",
        "version: 1\ndefaults:\n  auth:\n    KEY: {env: A}\n    KEY: §\n    foo: 1\n",
        "version: 1\ndefaults:\n  auth: {method: token, KEY:§}\n",
    ]
)


@given(
    PLACES,
    st.sampled_from(["password", "dsidv1", "token", "'token'", "pasword", "tokn"]),
    SECRET,
    st.lists(PIECES, max_size=3),
    st.lists(PIECES, max_size=3),
)
@settings(max_examples=1_500, deadline=None, derandomize=True)
def test_a_secret_in_an_auth_is_in_no_report(
    place: str, key: str, secret: str, before: list[str], after: list[str]
) -> None:
    """Whatever is broken around a literal credential, nothing that is shown has a part of it."""
    value = "".join([*before, secret, *after])
    found = outcome([Source(name="m", data=place.replace("KEY", key).replace("§", value).encode())])
    if isinstance(found, Manifest) or is_named(value, secret):
        return
    assert secret not in repr(found)


def is_named(value: str, secret: str) -> bool:
    """Say whether a secret stands where only the name of a variable, a file or a key stands.

    A line that begins with a key and is indented less than the auth's own is none of its values.
    """
    named = rf"(env|file|method):\s*[\"']?\w*{secret}|command: *\[[^]]*{secret}|{secret}\w* *:"
    outside = rf"^ {{0,4}}(?:[a-z]+: ?.*{secret}|[^ \n]*{secret}.*:(?:\s|$))"
    return bool(re.search(f"{named}|{outside}", "      " + value, re.MULTILINE))


@given(st.recursive(st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
@settings(max_examples=300, deadline=None)
def test_texts_are_read_as_they_were_written(value: Any) -> None:
    """Whatever quotes, escapes and line breaks YAML writes a text with."""
    text = yaml.safe_dump({"x": value}, default_style='"', width=20)
    source_map, report = SourceMap(), ErrorCollector()
    parsed = parse(text, base=source_map.add("t", text), source_map=source_map, report=report)
    assert parsed is not None
    assert parsed.value == {"x": value}
    assert not report

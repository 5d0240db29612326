"""The reference of the manifest in `schemas/README.md` is generated from the published schemas."""

import json
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

SCHEMAS: Final = Path(__file__).parents[2] / "schemas"
README: Final = SCHEMAS / "README.md"
BEGIN: Final = "<!-- UPDATE_GOLDEN=1 pytest tests/cli/test_manifest_reference.py writes this -->\n"
END: Final = "<!-- the end of the generated reference -->\n"
SECTIONS: Final = ("instance", "client", "client_set", "auth", "reference", "sink")
"""The definitions that have a section of their own; a key with such a value links to it."""

Node = Mapping[str, Any]


class Reference:
    """Writes the manifest's schema as tables of keys."""

    def __init__(self, schema: Node) -> None:
        self.schema = schema
        self.definitions: Mapping[str, Node] = schema["$defs"]

    def resolve(self, node: Node) -> Node:
        """Return a node with the definition that it refers to; the node's own keys win."""
        while "$ref" in node:
            name = node["$ref"].removeprefix("#/$defs/")
            own = {key: value for key, value in node.items() if key != "$ref"}
            node = {**self.definitions[name], "section": name, **own}
        return node

    def value(self, node: Node) -> str:
        """Return what may be written as the value of a key."""
        node = self.resolve(node)
        if node.get("section") in SECTIONS:
            section = str(node["section"])
            return f"[{node['title']}](#{section.replace('_', '-')})"
        if "enum" in node or "const" in node:
            values = node.get("enum", [node.get("const")])
            return ", ".join(
                f"`{each if isinstance(each, str) else json.dumps(each)}`" for each in values
            )
        if node["title"] == "duration":
            return "duration"
        if node["title"] in ("limit", "wave"):
            return "count or per cent"
        kinds = [node["type"]] if isinstance(node["type"], str) else node["type"]
        return " or ".join(self.kind(each, node) for each in kinds)

    def kind(self, kind: str, node: Node) -> str:
        """Return the name of one JSON type, with that of the items of a list or mapping."""
        if kind == "array":
            return f"list of {self.value(node['items'])}"
        if kind == "object" and isinstance(node.get("additionalProperties"), dict):
            return f"mapping of names to {self.value(node['additionalProperties'])}"
        if kind == "object" and node.get("section") == "email":
            return self.value({"$ref": "#/$defs/reference"})
        return {"string": "text", "object": "mapping", "boolean": "`true` or `false`"}.get(
            kind, kind
        )

    def inherited(self, node: Node) -> list[str]:
        """Return the keys that a mapping shares with `defaults`."""
        defaults = self.schema["properties"]["defaults"]["properties"]
        own = node["properties"].items()
        return [key for key, each in own if defaults.get(key) == each and key != "auth"]

    def rows(self, node: Node, path: str = "") -> Iterator[str]:
        """Yield a table row for each key of a mapping and of the mappings in it."""
        required = set(node.get("required", ()))
        inherited = self.inherited(node) if path == "" else []
        for key, each in node["properties"].items():
            if key in inherited:
                continue
            child = self.resolve(each)
            items = self.resolve(child["items"]) if child.get("type") == "array" else {}
            needed = " (required)" if key in required else ""
            text = child["description"].replace("|", "\\|").replace("<", "&lt;")
            yield f"| `{path}{key}`{needed} | {self.value(each)} | {text} |"
            if (
                child.get("section") not in SECTIONS
                and child.get("type") == "object"
                and "properties" in child
            ):
                yield from self.rows(child, f"{path}{key}.")
            elif "properties" in items and items.get("section") not in SECTIONS:
                yield from self.rows(items, f"{path}{key}[].")

    def table(self, title: str, node: Node) -> Iterator[str]:
        """Yield one section: a heading, the description and the table of its keys."""
        yield from (f"## {title}", "", node["description"], "", "| key | value | meaning |")
        yield from ("| --- | --- | --- |", *self.rows(node), "")
        if inherited := self.inherited(node):
            keys = ", ".join(f"`{each}`" for each in inherited)
            yield from (f"The keys {keys} are those of [`defaults`](#manifest).", "")

    def markdown(self) -> str:
        """Return the whole reference."""
        lines = list(self.table("Manifest", self.schema))
        for name in SECTIONS:
            lines += self.table(name.replace("_", " ").capitalize(), self.definitions[name])
        return "\n".join(lines)


def documents() -> str:
    """Return the table of the published schemas."""
    rows = ["## Documents", "", "| schema | what it describes |", "| --- | --- |"]
    for path in sorted(SCHEMAS.glob("*.json")):
        described = json.loads(path.read_text(encoding="utf-8"))["description"]
        rows.append(f"| [{path.name.partition('.')[0]}]({path.name}) | {described} |")
    return "\n".join([*rows, ""])


def test_the_reference_has_every_key_of_the_manifest() -> None:
    """Between its markers the file has what the schemas have."""
    schema = json.loads((SCHEMAS / "manifest.v1.schema.json").read_text(encoding="utf-8"))
    wanted = f"\n{Reference(schema).markdown()}\n{documents()}\n"
    text = README.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    kept, end, after = rest.partition(END)
    assert begin
    assert end
    if os.environ.get("UPDATE_GOLDEN"):
        kept = wanted
        README.write_text(before + BEGIN + kept + END + after, encoding="utf-8")
    assert kept == wanted
    named = set(re.findall(r"^\| `(?:[a-z_]+(?:\[\])?\.)*([a-z0-9_]+)`", kept, re.MULTILINE))
    assert {"rotate_after", "recipients_file", "exclude", "dsidv1", "max_failures"} <= named

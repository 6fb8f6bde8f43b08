"""The rules of the house, enforced."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "reconciler"
MIGRATIONS = PACKAGE / "store" / "migrations" / "versions"
FILES = sorted(path for path in PACKAGE.rglob("*.py") if path.parent != MIGRATIONS)
SOURCES = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in FILES}
BUCKETS = {"utils", "helpers", "common", "misc", "types", "models"}
LONGEST_FILE, LONGEST_FUNCTION, MOST_ARGUMENTS = 400, 60, 9


def functions():
    for name, source in SOURCES.items():
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield f"{name}:{node.lineno} {node.name}", node


def arguments(node):
    given = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
    return [one for one in given if one.arg not in ("self", "cls")]


def is_command(node):
    """Tell whether a function is a command of the CLI: its arguments are options that users name."""
    return any(".command" in ast.unparse(decorator) for decorator in node.decorator_list)


def test_imports_point_down_only():
    """Rule 1 of the house: the layers, and core and spec without clock, randomness, database or files."""
    code = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_file_is_too_long():
    """A file above 400 lines is two files."""
    lengths = {name: source.count("\n") for name, source in SOURCES.items()}
    assert {name: length for name, length in lengths.items() if length > LONGEST_FILE} == {}


def test_no_function_is_too_long_or_asks_too_much():
    """A function fits on a screen, and takes at most nine arguments; a command has as many as users need."""
    long = [name for name, node in functions() if node.end_lineno - node.lineno >= LONGEST_FUNCTION]
    greedy = [
        name for name, node in functions() if len(arguments(node)) > MOST_ARGUMENTS and not is_command(node)
    ]
    assert (long, greedy) == ([], [])


def test_no_file_is_a_bucket():
    """A file is named after its idea."""
    named = {part for path in FILES for part in (path.stem, path.parent.name)}
    assert named & BUCKETS == set()


@pytest.mark.parametrize(
    ("pattern", "allowed"),
    [
        (r"datetime\.now\b|\butcnow\b|\btime\.time\(|date\.today\b", {"reconciler/clock.py"}),
        (r"func\.now\b|CURRENT_TIMESTAMP", set()),
        (r"\bTO" + "DO|FIX" + "ME|X" + "XX|raise NotImplementedError", set()),
        (r"except Exception:\s*(pass|continue)|except:\s", set()),
    ],
    ids=["one clock", "no clock in SQL", "nothing to do later", "nothing swallowed"],
)
def test_what_no_file_holds(pattern, allowed):
    """Rule 2 of the house: one clock; and nothing that is left for later or hushed up."""
    found = {name for name, source in SOURCES.items() if re.search(pattern, source)}
    assert found <= allowed


def test_every_exemption_has_its_reason():
    """A `noqa` or `type: ignore` says why: a comment follows the code."""
    bare = [
        f"{name}:{number}"
        for name, source in SOURCES.items()
        for number, line in enumerate(source.splitlines(), 1)
        if re.search(r"#\s*(noqa|type: ignore)", line)
        and not re.search(r"#\s*(noqa: [A-Z0-9, ]+?|type: ignore\[[\w, -]+\])\s+[-#] \S", line)
    ]
    assert bare == []


def test_every_module_says_what_it_is_for():
    """The first words of a file are its reason."""
    assert [name for name, source in SOURCES.items() if not ast.get_docstring(ast.parse(source))] == []


def test_tests_have_unique_names():
    """Tests are imported by file name: two of one name would hide each other."""
    names = [path.name for path in (ROOT / "tests").rglob("test_*.py")]
    assert sorted(names) == sorted(set(names))

"""The rules of the house that concern code."""

from __future__ import annotations

import ast
import importlib.metadata
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from support.unmeasured import unmeasured

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("backend", "simulators", "harness")
CLOCKS = {"backend/adapters/clock.py", "simulators/clock.py"}
FUNCTION_LINES_MAX = 70

CLOCK_READERS = {
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("datetime", "today"),
    ("date", "today"),
    ("time", "time"),
    ("time", "time_ns"),
    ("time", "monotonic"),
    ("time", "monotonic_ns"),
    ("time", "perf_counter"),
    ("time", "perf_counter_ns"),
    ("time", "sleep"),
    ("loop", "time"),
    ("loop", "call_later"),
    ("loop", "call_at"),
}
"""Calls that read a clock or wait for it; ``asyncio.sleep(0)`` only yields and is allowed."""

GIVEN_PACKAGES = [
    "ocpp",
    "websockets",
    "pymodbus",
    "amqtt",
    "pyftpdlib",
    "asyncssh",
    "pytest",
    "pytest-bdd",
    "faker",
]


@cache
def modules_of(room: str) -> list[tuple[str, ast.Module]]:
    """Give every module of a room with its path below the root."""
    return [
        (path.relative_to(ROOT).as_posix(), ast.parse(path.read_text(encoding="utf-8")))
        for path in sorted((ROOT / room).rglob("*.py"))
    ]


def modules(*rooms: str) -> Iterator[tuple[str, ast.Module]]:
    """Give every module of some rooms."""
    for room in rooms:
        yield from modules_of(room)


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Give every function of a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def too_long(tree: ast.Module) -> list[str]:
    """Give the functions above the limit."""
    return [
        f"{node.name}: {(node.end_lineno or 0) - node.lineno + 1} lines"
        for node in functions(tree)
        if (node.end_lineno or 0) - node.lineno + 1 > FUNCTION_LINES_MAX
    ]


def clock_readings(tree: ast.Module) -> list[str]:
    """Give the calls that read a clock or wait for one."""
    found = []
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        owner = node.func.value
        name = owner.id if isinstance(owner, ast.Name) else ""
        name = owner.attr if isinstance(owner, ast.Attribute) else name
        if (name, node.func.attr) in CLOCK_READERS:
            found.append(f"line {node.lineno}: {name}.{node.func.attr}")
        if (name, node.func.attr) == ("asyncio", "sleep") and ast.unparse(node.args[0]) != "0":
            found.append(f"line {node.lineno}: {ast.unparse(node)}")
    return found


@unmeasured
def test_functions_are_short() -> None:
    """No function has more than 70 lines."""
    rooms = (*ROOMS, "tests", "benchmarks")

    assert {} == {path: long for path, tree in modules(*rooms) if (long := too_long(tree))}


@unmeasured
def test_only_the_clocks_read_a_clock() -> None:
    """Nothing reads a clock or sleeps but the two ``clock.py``."""
    found = {path: readings for path, tree in modules(*ROOMS) if (readings := clock_readings(tree))}

    assert set() == found.keys() - CLOCKS, found


def test_the_rules_can_fail() -> None:
    """The two checks above find what they are for."""
    long = ast.parse("def f():\n" + "    x = 1\n" * FUNCTION_LINES_MAX)
    clock = ast.parse("a = datetime.now(UTC)\nb = time.monotonic()\nawait asyncio.sleep(0.1)")

    assert ["f: 71 lines"] == too_long(long)
    assert 3 == len(clock_readings(clock))
    assert [] == clock_readings(ast.parse("await asyncio.sleep(0)\nclock.now()"))


@unmeasured
def test_tests_say_what_they_show() -> None:
    """Each test has a sentence of behaviour as its docstring."""
    silent = [
        f"{path}:{node.lineno} {node.name}"
        for path, tree in modules("tests")
        for node in functions(tree)
        if node.name.startswith("test_") and not ast.get_docstring(node)
    ]

    assert [] == silent


@unmeasured
def test_no_module_is_dead() -> None:
    """Each module is imported by another, or is an entry."""
    entries = {
        "backend.__main__",
        "harness.__main__",
        "harness.exit_codes",  # the table that docs/generate.py and the tests go through
        "harness.plugin",
        "harness.sentences",
        "simulators.__main__",
    }
    imported: set[str] = set()
    for _, tree in modules(*ROOMS):
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                imported |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                imported |= {node.module, *(f"{node.module}.{a.name}" for a in node.names)}
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                imported.add(node.value)  # pytest_plugins names its modules as text
    names = {path.removesuffix(".py").replace("/", ".") for path, _ in modules(*ROOMS)}
    dead = {
        name
        for name in names - imported - entries
        if not name.endswith("__init__") and ".migrations." not in name
    }

    assert set() == dead


def test_what_was_given_lives_in_one_environment() -> None:
    """The nine given packages are installed side by side, and no requirement is broken."""
    versions = {name: importlib.metadata.version(name) for name in GIVEN_PACKAGES}
    check = subprocess.run(
        [sys.executable, "-m", "pip", "check"], capture_output=True, text=True, check=False
    )
    if "No module named pip" in check.stderr:
        pytest.skip("this environment has no pip to ask; tox installs one")

    assert len(GIVEN_PACKAGES) == len(versions)
    assert 0 == check.returncode, check.stdout

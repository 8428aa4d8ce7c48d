"""
How much of the core could be wrong without a test that fails: the share of mutants killed.

``python tests/mutation/share.py [module …]`` changes ``backend/core`` in one place at a time
(mutmut, settings in pyproject.toml), runs the unit tests that reach it, and prints a line a module.
Survivors that `survivors.toml` explains count as survivors, but are not listed again.
What was found is remembered in ``mutants/``. Tried are the mutants of functions that changed, and
all that are not killed.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LEAST = 90
"""Per cent of all mutants that have to be killed."""
_SURVIVED, _NO_TEST = "survived", "no test"
_FOLDER = ROOT / "mutants" / "backend" / "core"
_REACH = ROOT / "mutants" / "mutmut-stats.json"
_DRIVER = Path(__file__).with_name("driver.py")
_FAILED = (1, 3)  # codes of pytest
_ALIVE = (0, 5, 33)
_UNDECIDED = {None, 2, 34}  # not tried, interrupted, skipped


@dataclass(slots=True)
class Module:
    """
    What became of a module's mutants.

    Attributes:
        name: below ``backend.core``.
        killed: how many made a test fail, or run without end.
        endless: how many of those ran without end; a machine that is busy makes some.
        survivors: names of the others, and whether a test reaches them.
        undecided: how many were not tried.
    """

    name: str
    killed: int = 0
    endless: int = 0
    survivors: dict[str, str] = field(default_factory=dict)
    undecided: int = 0

    @property
    def tried(self) -> int:
        """How many mutants were tried."""
        return self.killed + len(self.survivors)


def main(arguments: Sequence[str] | None = None) -> int:
    """Try the mutants, print the shares, and say whether they are high enough."""
    parser = argparse.ArgumentParser(description="the share of the core's mutants that are killed")
    parser.add_argument("modules", nargs="*", help="below backend.core: registers; else all")
    parser.add_argument("--children", default=str(os.cpu_count() or 1), help="processes at once")
    parser.add_argument("--only-show", action="store_true", help="what is known, and try nothing")
    chosen = parser.parse_args(arguments)
    if not chosen.only_show:
        _try(chosen.modules, chosen.children)
    modules = [each for each in found() if not chosen.modules or each.name in chosen.modules]
    modules = [each for each in modules if each.tried]
    known = explained()
    news = [line for each in modules for line in _report(each, known)]
    whole = Module("all", sum(each.killed for each in modules))
    whole.endless = sum(each.endless for each in modules)
    whole.survivors = {name: why for each in modules for name, why in each.survivors.items()}
    print(_line(whole, len(whole.survivors) - len(news)))
    print(*news, sep="\n")
    enough = bool(whole.tried) and whole.killed * 100 >= LEAST * whole.tried
    return 0 if enough and not any(each.undecided for each in modules) else 1


def _try(modules: Sequence[str], children: str) -> None:
    for path in _FOLDER.rglob("*.py.meta"):
        if not modules or _name_of(path) in modules:
            _forget(path)
    # mutmut asks only tests that are new by name what they reach; others may reach more by now.
    _REACH.unlink(missing_ok=True)
    globs = [f"backend.core.{each}.*" for each in modules]
    # Each mutant has a pytest of its own; plugins that these tests do not need cost most.
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    command = [sys.executable, str(_DRIVER), "run", "--max-children", children, *globs]
    subprocess.run(command, cwd=ROOT, env=environment, check=True)


def _forget(path: Path) -> None:
    """Have what no test failed for tried again: it has a test now, or the machine was busy."""
    meta = json.loads(path.read_text())
    codes = meta["exit_code_by_key"]
    meta["exit_code_by_key"] = {
        name: codes[name] if codes[name] in _FAILED else None for name in codes
    }
    path.write_text(json.dumps(meta))


def in_order(mutant: str, tests: Iterable[str], seconds: Mapping[str, float]) -> list[str]:
    """Put the tests of the module's own file first, and of each lot the fast ones."""
    own = f"/test_{mutant.split('.')[-2]}.py::"
    return sorted(tests, key=lambda test: (own not in test, seconds.get(test, 0), test))


def _name_of(path: Path) -> str:
    name = path.relative_to(_FOLDER).as_posix().removesuffix(".py.meta")
    return name.replace("/", ".")


def found() -> Iterator[Module]:
    """Give what is known of each module."""
    for path in sorted(_FOLDER.rglob("*.py.meta")):
        module = Module(_name_of(path))
        for mutant, code in json.loads(path.read_text())["exit_code_by_key"].items():
            if code in _UNDECIDED:
                module.undecided += 1
            elif code in _ALIVE:
                module.survivors[mutant] = _SURVIVED if code == 0 else _NO_TEST
            else:
                module.killed += 1
                module.endless += code not in _FAILED
        yield module


def explained() -> set[tuple[str, str, str]]:
    """Give the survivors that are explained: module, function and changed line."""
    table = tomllib.loads((ROOT / "tests" / "mutation" / "survivors.toml").read_text("utf-8"))
    return {
        (one["module"], one["function"], line)
        for one in table.get("survivor", [])
        for line in one["lines"]
    }


def _report(module: Module, known: set[tuple[str, str, str]]) -> list[str]:
    """Print a module's line, and give its survivors that nobody has explained."""
    news = []
    for mutant, why in sorted(module.survivors.items()):
        function, was, line = changed(mutant)
        if not known & {(module.name, function, line), (module.name, function, "*")}:
            news.append(f"{module.name} {function}: {why}\n  - {was}\n  + {line}")
    print(_line(module, len(module.survivors) - len(news)))
    return news


def _line(module: Module, known: int) -> str:
    share = module.killed * 100 / module.tried if module.tried else 0
    line = f"{module.name:28} {share:5.1f} % killed: {module.killed:4} of {module.tried:4}"
    line += f", {module.endless} of them without end" if module.endless else ""
    line += f"; survivors: {known} explained, {len(module.survivors) - known} not"
    return line + (f"; {module.undecided} not tried" if module.undecided else "")


def changed(mutant: str) -> tuple[str, str, str]:
    """Give the function of a mutant, and its first changed line before and after."""
    from mutmut.mutation.diff_apply import get_diff_for_mutant

    module, _, rest = mutant.rpartition(".")
    path = Path(*module.split(".")).with_suffix(".py")
    os.chdir(ROOT)
    lines = get_diff_for_mutant(mutant, path=path).splitlines()
    was = [line[1:].strip() for line in lines if line[0] == "-" and line[:3] != "---"]
    now = [line[1:].strip() for line in lines if line[0] == "+" and line[:3] != "+++"]
    name = rest.rpartition("__mutmut_")[0].replace("xǁ", "").replace("ǁ", ".").removeprefix("x_")
    return name, " ".join(was), " ".join(now)


if __name__ == "__main__":
    sys.exit(main())

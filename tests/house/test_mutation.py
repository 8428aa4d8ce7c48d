"""The share of mutants that are killed: how it is counted, and that its explanations stand."""

from __future__ import annotations

import ast
import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from mutation import share

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(name="results")
def results_(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Let there be results of some modules."""
    monkeypatch.setattr(share, "_FOLDER", tmp_path)
    monkeypatch.setattr(share, "_REACH", tmp_path / "mutmut-stats.json")
    monkeypatch.setattr(share, "changed", lambda mutant: ("f", "was", f"line {mutant}"))
    monkeypatch.setattr(share, "explained", lambda: {("a", "f", "line 1"), ("b", "f", "*")})

    def of(module: str, **codes: int | None) -> Path:
        named = {name.removeprefix("m"): code for name, code in codes.items()}
        path = tmp_path / f"{module}.py.meta"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps({"exit_code_by_key": named}))
        return path

    return of


def test_the_share(results: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """Explained survivors are survivors; only the others are listed."""
    results("a", m1=0, **{f"m{number}": 1 for number in range(2, 40)}, m40=36)
    results("b", m51=0, m52=33)

    code = share.main(["--only-show"])

    shown = capsys.readouterr().out
    assert 0 == code
    assert "97.5 % killed:   39 of   40, 1 of them without end; survivors: 1 explained" in shown
    assert "  0.0 % killed:    0 of    2; survivors: 2 explained, 0 not" in shown
    assert "92.9 % killed:   39 of   42" in shown
    assert "line" not in shown


def test_a_new_survivor(results: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """It is shown with the place and the change."""
    results("a", m1=1, m7=0)

    assert 1 == share.main(["--only-show"])
    assert "a f: survived\n  - was\n  + line 7" in capsys.readouterr().out


def test_what_is_not_tried(results: Any) -> None:
    """Nothing is enough while mutants wait, or where there are none."""
    assert 1 == share.main(["--only-show"])
    results("a", m1=1, m2=None)
    assert 1 == share.main(["--only-show", "a"])
    results("a", m1=1)
    assert 0 == share.main(["--only-show", "a"])
    assert 1 == share.main(["--only-show", "b"])


def test_what_no_test_failed_for_is_tried_again(
    results: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A test may have been written for a survivor, or reach it now; a busy machine is slow."""
    share._REACH.touch()
    path = results("a", m1=1, m2=0, m3=-24, m4=None)
    other = results("b", m1=0)
    asked = []
    monkeypatch.setattr(share.subprocess, "run", lambda command, **_: asked.append(command))

    share.main(["a", "--children", "1"])

    codes = json.loads(path.read_text())["exit_code_by_key"]
    assert {"1": 1, "2": None, "3": None, "4": None} == codes
    assert not share._REACH.exists()
    assert {"1": 0} == json.loads(other.read_text())["exit_code_by_key"]
    assert ["run", "--max-children", "1", "backend.core.a.*"] == asked[0][-4:]


@pytest.mark.parametrize(
    ("mutant", "first"),
    [
        ("backend.core.obis.x_parse__mutmut_1", "tests/core/test_obis.py::test_slow"),
        ("backend.core.days.xǁDayǁend__mutmut_1", "tests/core/test_days.py::test_slow"),
        ("backend.core.formats.row.x_of__mutmut_1", "tests/core/test_all.py::test_fast"),
    ],
)
def test_the_order_of_tests(mutant: str, first: str) -> None:
    """A module's own tests come before the others, and fast ones before slow ones."""
    seconds = {
        "tests/core/test_all.py::test_fast": 0.01,
        "tests/core/test_all.py::test_slow": 3.0,
        "tests/core/test_obis.py::test_slow": 0.2,
        "tests/core/test_days.py::test_slow": 0.3,
    }
    rest = sorted(seconds.keys() - {first}, key=lambda test: seconds[test])

    assert [first, *rest] == share.in_order(mutant, seconds.keys(), seconds)


def test_what_is_explained_is_there() -> None:
    """Each explanation is of a function of the core, and says why."""
    table = tomllib.loads((ROOT / "tests/mutation/survivors.toml").read_text("utf-8"))
    wrong = []
    for one in table["survivor"]:
        path = ROOT / "backend" / "core" / (one["module"].replace(".", "/") + ".py")
        tree = ast.parse(path.read_text("utf-8"))
        names = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
        if one["function"].rpartition(".")[2] not in names or not one["lines"] or not one["reason"]:
            wrong.append((one["module"], one["function"]))

    assert [] == wrong

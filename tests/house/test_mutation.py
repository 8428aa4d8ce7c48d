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


def test_survivors_are_tried_again(results: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that was written for one is to find it."""
    path = results("a", m1=1, m2=0)
    asked = []
    monkeypatch.setattr(share.subprocess, "run", lambda command, **_: asked.append(command))

    share.main(["a", "--children", "1"])

    assert {"1": 1, "2": None} == json.loads(path.read_text())["exit_code_by_key"]
    assert ["--max-children", "1", "backend.core.a.*"] == asked[0][-3:]


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

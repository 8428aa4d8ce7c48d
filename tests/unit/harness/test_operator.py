"""Who has commands sent: by the bench's own central system, or by the bundled backend."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, cast

import pytest

from harness.bench import Bench
from harness.central import Central, Error
from harness.operator import OperatorOfBackend, OperatorOfTool


class Strings:
    """Takes down what it is asked to send."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str, object]] = []
        self.answer: list[Any] = [3, "c1", {}]

    async def call(self, identity: str, action: str, payload: object) -> list[Any]:
        """Note a call and answer it."""
        self.sent.append((identity, action, payload))
        return self.answer


def test_the_tool_sends_word_for_word() -> None:
    """What the scenario says is what the bench's central system sends."""
    strings = Strings()
    operator = OperatorOfTool(cast("Central", strings), "WB-1")

    told = asyncio.run(operator.send("Reset", {"type": "Hard"}))

    assert "answered" == told
    assert [("WB-1", "Reset", {"type": "Hard"})] == strings.sent


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ([3, "c1", {"status": "Scheduled"}], "Scheduled"),
        ([3, "c1", []], "answered"),
        ([4, "c1", "NotSupported", "", {}], "NotSupported"),
    ],
)
def test_the_tool_tells_what_was_answered(answer: list[Any], told: str) -> None:
    """A status, the code of an error, or that there was an answer, whatever stands in it."""
    strings = Strings()
    strings.answer = answer

    assert told == asyncio.run(
        OperatorOfTool(cast("Central", strings), "WB-1").send("Reset", {"type": "Hard"})
    )


def test_the_backend_sends_by_its_own_means(tmp_path: Path) -> None:
    """The command reaches the charger, and one that the charger refuses ends nothing."""
    bench = Bench(seed=1, folder=tmp_path)
    bench.declare_station("WB-1", ise=False).puppet = True
    bench.leave_out_utility()
    bench.go()
    operator = OperatorOfBackend(bench.backend, "WB-1")
    bench.puppets["WB-1"].answers["ClearCache"] = Error("NotSupported")

    refused = bench.run(operator.send("ClearCache", {}))
    rejected = bench.run(operator.send("Reset", {"type": "Hard"}))
    bench.run(bench.puppets["WB-1"].cut_line())
    unsent = bench.run(operator.send("Reset", {"type": "Hard"}))
    bench.close()

    assert ("NotSupported", "Rejected") == (refused, rejected)
    assert unsent not in ("Accepted", "Rejected", "answered")
    asked = [c.text for c in bench.tap.crossings if c.receiver == "WB-1" and ",2," not in c.text]
    assert any('"ClearCache",{}' in text for text in asked)
    assert any('"Reset",{"type":"Hard"}' in text for text in asked)

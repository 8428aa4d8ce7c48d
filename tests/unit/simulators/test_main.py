"""``python -m simulators``."""

from __future__ import annotations

import pytest

from simulators.__main__ import main

BACKEND = ("charger_inch", "--backend", "ws://127.0.0.1:9/ocpp", "--identity", "WB-1")


def test_what_is_refused_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    """It names the device and ends with 2."""
    assert 2 == main([*BACKEND, "--card", "12"])

    said = capsys.readouterr().err
    assert said.startswith("simulators charger_inch: card '12': ")
    assert 1 == len(said.splitlines())


def test_a_device_must_be_named(capsys: pytest.CaptureFixture[str]) -> None:
    """Wrong usage ends with 2 and the usage."""
    with pytest.raises(SystemExit) as caught:
        main([])

    assert 2 == caught.value.code
    assert "usage: python -m simulators" in capsys.readouterr().err

"""How a charger has opened its line, and what of it must be so for a security profile."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness.bench import Bench
from harness.central import Opening
from harness.errors import Disagreement, NothingArrived
from harness.steps import compliance
from harness.tool import CHARGER

KEY = b"isebench-key-16+"


def basic(name: str, key: bytes = KEY) -> Opening:
    """Give the opening of a charger that authenticates itself."""
    return Opening("Basic " + base64.b64encode(name.encode() + b":" + key).decode())


@pytest.fixture(name="bench")
def _bench(tmp_path: Path) -> Iterator[Bench]:
    """Give a bench with a charger under test, which was given a key, and take it down."""
    bench = Bench(seed=1, folder=tmp_path)
    compliance.charger_under_test(bench)
    assert bench.tool is not None
    bench.tool.is_happening = True
    bench.tool.ask("ChangeConfiguration", f"key=AuthorizationKey, value={KEY.hex()}")
    yield bench
    bench.close()


@pytest.mark.parametrize(
    ("opening", "password"),
    [
        (basic("WB-1"), KEY),
        (basic("WB-2"), None),
        (Opening(), None),
        (Opening("Basic !"), None),
        (Opening("Basic V0ItMQ=="), None),
        (Opening("Bearer V0ItMTo="), None),
    ],
)
def test_the_password_stands_behind_the_name(opening: Opening, password: bytes | None) -> None:
    """Nothing but Basic authentication under the charger's own name counts."""
    assert password == opening.password_of("WB-1")


@pytest.mark.parametrize(
    ("judge", "opening"),
    [
        (compliance.has_named_itself, basic(CHARGER)),
        (compliance.has_named_itself_somehow, basic(CHARGER)),
        (compliance.has_named_itself_somehow, Opening(has_certificate=True)),
        (compliance.has_shown_certificate, Opening(has_certificate=True)),
        (compliance.line_speaks_tls, Opening(tls="TLSv1.2")),
    ],
)
def test_an_opening_is_as_the_profile_asks(
    bench: Bench, judge: Callable[[Bench], None], opening: Opening
) -> None:
    """Key, certificate and TLS are what the sentences look for."""
    bench.central.opened[CHARGER] = opening

    judge(bench)


@pytest.mark.parametrize(
    ("judge", "opening", "why"),
    [
        (compliance.has_named_itself, Opening(), "without its name and a key"),
        (compliance.has_named_itself, basic(CHARGER, b"short"), "5 bytes, not 16 to 20"),
        (compliance.has_named_itself, basic(CHARGER, b"another-key-of-mine"), "not the one"),
        (compliance.has_named_itself_somehow, Opening(), "without its name and a key"),
        (compliance.has_shown_certificate, basic(CHARGER), "without a certificate"),
        (compliance.line_speaks_tls, Opening(), "speaks in the clear"),
        (compliance.line_speaks_tls, Opening(tls="TLSv1.1"), "speaks TLSv1.1"),
    ],
)
def test_an_opening_that_lacks_something_is_told(
    bench: Bench, judge: Callable[[Bench], None], opening: Opening, why: str
) -> None:
    """The sentence says what the charger did not show."""
    bench.central.opened[CHARGER] = opening

    with pytest.raises(Disagreement, match=why):
        judge(bench)


def test_no_opening_at_all_is_told(bench: Bench) -> None:
    """A charger that never came shows nothing."""
    assert "" == bench.central.opened[CHARGER].tls  # the emulated one comes in the clear
    bench.central.opened.clear()

    with pytest.raises(NothingArrived, match="no line of the charger came up"):
        compliance.line_speaks_tls(bench)

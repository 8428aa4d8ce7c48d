"""Sentences about passwords of destinations, and where they must not stand."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import quote

import pytest
from pytest_bdd import given, parsers, then, when

from backend.adapters.sealing import FILE, Keys, new_key, place_of
from harness.bench import UTILITY, Bench
from harness.console import Console
from harness.errors import Disagreement
from harness.toml_text import to_toml
from harness.utility import SECRET


class _Kept(logging.Handler):
    """Keeps every line that anything logs."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@pytest.fixture
def everything_logged() -> Iterator[_Kept]:
    """Whatever is logged while a scenario runs, down to the last detail."""
    kept, root = _Kept(), logging.getLogger()
    libraries = [logging.getLogger(name) for name in ("asyncssh", "pyftpdlib")]
    before = [(one, one.level) for one in (root, *libraries)]
    root.addHandler(kept)
    for one in (root, *libraries):
        one.setLevel(logging.DEBUG)
    try:
        yield kept
    finally:
        root.removeHandler(kept)
        for one, level in before:
            one.setLevel(level)


@given("the password of EW Seedorf is sealed in the settings")
def password_is_sealed(bench: Bench, everything_logged: _Kept) -> None:
    """Have the settings hold it sealed, and the key lie in a file beside them."""
    _seal(bench, UTILITY)


@when(parsers.parse('the password of EW Seedorf is sealed for the destination "{name}"'))
def password_is_sealed_for(bench: Bench, name: str) -> None:
    """Seal it for another place than the one where it stands."""
    _seal(bench, name)


@then("the password stands in none of the settings, the database, the log, the record or the page")
def password_stands_nowhere(bench: Bench, everything_logged: _Kept) -> None:
    """Look for it wherever something is kept or shown."""
    bench.decide_drop()
    console = Console(bench.backend.web_address, bench.tap)
    (file,) = bench.utility.arrived()
    pages = ("/files", f"/files/{quote(file.name)}", "/receipts.csv")
    read = [bench.run(console.read_page(page)) for page in pages]
    read += [bench.run(console.read_api(path)) for path in ("/api/deliveries", "/api/receipts")]
    places = {
        "the settings": to_toml(bench.settings()),
        "the log": "\n".join(everything_logged.lines),
        "the record": "\n".join(crossing.text for crossing in bench.tap.crossings),
        "the page": "\n".join(map(str, read)),
        **{
            f"the database, {path.name}": path.read_bytes().decode("latin-1")
            for path in bench.folder.glob("isebench.sqlite*")
        },
    }
    assert everything_logged.lines, "nothing was logged, so nothing is shown by it"
    assert len(places) > 4, "the database was not found"
    if found := [place for place, text in places.items() if SECRET in text]:
        raise Disagreement(f"the password stands in {', '.join(found)}")


def _seal(bench: Bench, name: str) -> None:
    file = bench.folder / FILE
    with open(os.open(file, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="ascii") as opened:
        opened.write(new_key())
    keys = Keys.found({}, bench.folder)
    sealed = keys.seal(SECRET, place_of(UTILITY, name, "secret"))
    given_instead = {"secret": None, "secret_sealed": sealed}
    known = {**bench.drop_server.settings, **given_instead}
    bench.drop_server = replace(bench.drop_server, settings=known)

"""Settings as the text of a TOML file."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from support.unmeasured import unmeasured

from harness.bench import NOT_YET_LISTENING, Station, site_settings
from harness.toml_text import to_toml
from simulators.charger_inch import Card

SIGNS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
PLAIN = SIGNS | st.booleans() | st.integers(-(2**63), 2**63 - 1)
VALUES = st.recursive(
    PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(SIGNS, inner, max_size=3)
)
TABLES = st.dictionaries(SIGNS, VALUES, max_size=4)


@unmeasured
@settings(max_examples=200, deadline=None, derandomize=True)
@given(TABLES, st.lists(TABLES, min_size=1, max_size=3))
def test_it_is_read_back(table: dict[str, Any], tables: list[dict[str, Any]]) -> None:
    """Whatever texts, numbers, flags, lists and tables there are."""
    told = {"backend": table, "station": tables}

    assert told == tomllib.loads(to_toml(told))


def test_it_reads_well() -> None:
    """A key a line, in the order in which they were given."""
    told = {"backend": {"database": "a"}, "station": [{"identity": "WB", "ise": {"interval": 15}}]}

    assert (
        '[backend]\ndatabase = "a"\n\n[[station]]\nidentity = "WB"\nise = {interval = 15}\n'
        == to_toml(told)
    )


def test_the_settings_of_a_site_come_back() -> None:
    """Tables, lists of tables and tables within them."""
    wanted = site_settings(
        database=Path("isebench.sqlite"),
        stations=[
            Station("WB-1", None),
            Station("WB-2", "CH1", configuration={"A": "1"}),
        ],
        cards=[Card(bytes.fromhex("77FD2AFA"), "Anna")],
        destination=NOT_YET_LISTENING,
        schedule="now",
    )

    assert wanted == tomllib.loads(to_toml(wanted))


def test_every_sign_is_kept() -> None:
    """Quotes, line ends and signs of every plane come back."""
    wanted = {"backend": {"text": 'ü"\\\n\t☂\U0001f50c', "flag": True, "list": ["a", 1]}}

    assert wanted == tomllib.loads(to_toml(wanted))

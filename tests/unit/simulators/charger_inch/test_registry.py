"""Habits and faults by name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

import simulators.charger_inch
from simulators.charger_inch.field_faults import WITHOUT_A_SWITCH
from simulators.charger_inch.field_faults.registers import OddNumbers, RegisterMomentarilyZero
from simulators.charger_inch.field_faults.transactions import ResumesAfterBoot
from simulators.charger_inch.quirks import Quirk
from simulators.charger_inch.registry import (
    LISTED,
    _kind,
    all_quirks,
    quirk_from_text,
    quirk_named,
)
from simulators.errors import NotAccepted

SHEET = Path(simulators.charger_inch.__file__).with_name("README.md")
TESTS = Path(__file__).parents[3]
ROWS = [f"F{number:02d}" for number in range(1, 98)]


def test_every_row_of_the_catalogue_has_a_switch_or_a_reason() -> None:
    """F01 to F97, none left out, none both."""
    switched = {kind.row for kind in all_quirks().values() if kind.row}

    assert set(ROWS) == switched | WITHOUT_A_SWITCH.keys()
    assert set() == switched & WITHOUT_A_SWITCH.keys()
    assert all(WITHOUT_A_SWITCH.values())


def test_names_and_words_are_in_order() -> None:
    """Each name is in kebab case, each symptom a sentence, each setting explained."""
    for name, kind in all_quirks().items():
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", name)
        assert kind.symptom[0].isupper()
        assert kind.symptom.endswith(".")
        assert all(setting.meaning for setting in kind.settings)


def test_every_one_is_shown_by_a_test() -> None:
    """Some test of the charger names it."""
    texts = [
        path.read_text(encoding="utf-8")
        for folder in ("unit/simulators/charger_inch", "integration")
        for path in (TESTS / folder).rglob("test_*.py")
        if path.name != "test_together.py"
    ]
    by_default = {"short-message-ids", "clock-values-without-transaction"}
    missing = {
        name for name in all_quirks() if not any(f'"{name}' in text for text in texts)
    } - by_default

    assert set() == missing


def test_the_device_sheet_lists_them() -> None:
    """The table has a line for each, with its row, its settings and what it does."""
    lines = SHEET.read_text(encoding="utf-8").splitlines()
    table = [line for line in lines if re.match(r"\| `[a-z0-9-]+", line)]
    told = [
        f"| `{kind.form}` | {kind.row or '–'} | {kind.symptom} |" for kind in all_quirks().values()
    ]

    assert told == table


class TestText:
    """A habit or fault of a text."""

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("register-momentarily-zero", RegisterMomentarilyZero()),
            ("register-momentarily-zero:every=7", RegisterMomentarilyZero(7)),
            (" odd-numbers : form = nan , every=2 ", OddNumbers("nan", 2)),
            ("resumes-after-boot:as-new=true", ResumesAfterBoot(as_new=True)),
            ("resumes-after-boot:as_new=false", ResumesAfterBoot()),
        ],
    )
    def test_it_is_made(self, text: str, expected: Quirk) -> None:
        """What is not said has its default; blanks do not matter."""
        assert expected == quirk_from_text(text)

    @pytest.mark.parametrize("name", list(all_quirks()))
    def test_its_own_form_is_taken(self, name: str) -> None:
        """What is shown of a quirk, with all its settings, makes it."""
        kind = all_quirks()[name]

        assert kind.make() == quirk_from_text(kind.form)

    @pytest.mark.parametrize(
        ("text", "sentence"),
        [
            ("register-restart", "such habit or fault; do you mean register-restarts"),
            (
                "nope",
                "habit 'nope': there is no such habit or fault; do you mean no-upgrade? all stand",
            ),
            ("zzz", f"habit 'zzz': there is no such habit or fault; {LISTED}"),
            ("", f"habit '': there is no such habit or fault; {LISTED}"),
            ("odd-numbers:form", "setting of odd-numbers 'form': write it as SETTING=VALUE"),
            ("odd-numbers:shape=x", "setting of odd-numbers 'shape': it has form, every"),
            ("trigger-named:loud=1", "setting of trigger-named 'loud': it has no settings"),
            ("odd-numbers:form=point", "form of odd-numbers 'point': give one of comma, blank"),
            ("odd-numbers:every=two", "every of odd-numbers 'two': give a whole number"),
            ("odd-numbers:every=0", "every is 0, and must be at least 1 and at most 10000"),
            ("odd-numbers:every=99999", "every is 99999, and must be at least 1"),
            ("resumes-after-boot:as-new=yes", "as_new of resumes-after-boot 'yes': give true or"),
        ],
    )
    def test_what_is_wrong_is_told(self, text: str, sentence: str) -> None:
        """The error says what is wrong, and what there is."""
        with pytest.raises(NotAccepted) as caught:
            quirk_from_text(text)

        assert sentence in str(caught.value)

    def test_settings_may_be_of_their_type_already(self) -> None:
        """As a page sends them, or as a program has them."""
        assert OddNumbers("nan", 2) == quirk_named("odd-numbers", {"form": "nan", "every": 2})
        assert ResumesAfterBoot(as_new=True) == quirk_named("resumes-after-boot", {"as_new": True})

    def test_a_setting_without_a_default_is_a_mistake(self) -> None:
        """Whoever writes a quirk gives each setting a value."""

        @dataclass(frozen=True, slots=True)
        class Bare(Quirk):
            """Lacks something."""

            what: int

        with pytest.raises(TypeError, match="the setting what of a quirk has no default"):
            _kind(Bare)

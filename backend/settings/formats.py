"""File layouts: ``[[format]]``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from backend.core.formats.forms import KINDS, Form, form_of
from backend.settings.section import Section


@dataclass(frozen=True, slots=True)
class FormatSettings:
    """A named file layout of an account (ISE-07)."""

    account: str
    name: str
    kind: str
    form: Form
    knobs: Mapping[str, Any]


def read_format(section: Section) -> FormatSettings:
    """Read a layout; all other keys are knobs, which the form of its kind checks."""
    account, name = section.text("account"), section.text("name")
    kind = section.choice("kind", tuple(KINDS), "ise-timeseries-csv")
    knobs = section.rest()
    return FormatSettings(account, name, kind, form_of(kind, knobs, section.where), knobs)

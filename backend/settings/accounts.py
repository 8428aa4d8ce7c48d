"""Customers: ``[[account]]``."""

from __future__ import annotations

from dataclasses import dataclass

from backend.settings.section import Section


@dataclass(frozen=True, slots=True)
class AccountSettings:
    """A customer; ``ise`` says whether an operator has activated the interface (ISE-11)."""

    name: str
    ise: bool


def read_account(section: Section) -> AccountSettings:
    """Read an account."""
    return AccountSettings(section.text("name"), section.flag("ise", False))

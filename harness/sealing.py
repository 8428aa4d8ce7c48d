"""`isebench seal`: secrets, so that they may lie in the settings (DLV-07)."""

from __future__ import annotations

import getpass
import os
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from backend.adapters.sealing import FILE, VARIABLE, Keys, new_key, place_of
from harness.errors import UsageError

SECRETS = {
    "secret": "destination",
    "key_passphrase": "destination",
    "password": "gateway",
    "broker_password": "gateway",
}
"""The keys that can be sealed, and in which tables of the settings they stand."""
_LIMIT = 1_000_000


class Wish(NamedTuple):
    """
    What is to be sealed.

    Attributes:
        settings: the file of the settings; what is sealed is for its tables.
        account, name: whose secret.
        key: which, of `SECRETS`.
    """

    settings: Path
    account: str
    name: str
    key: str


class Sealed(NamedTuple):
    """
    What came of it.

    Attributes:
        lines: for the settings.
        notes: for a person.
    """

    lines: list[str]
    notes: list[str]


def seal(wish: Wish, environment: Mapping[str, str]) -> Sealed:
    """
    Ask for a secret, and seal it; a key is made where there is none.

    Raises:
        UsageError: If the settings have no such table, or nothing was entered.
        SettingsError: If the key cannot be read.
    """
    table = SECRETS[wish.key]
    if (wish.account, wish.name) not in {
        (one.get("account"), one.get("name")) for one in _tables(wish.settings, table)
    }:
        raise UsageError(
            f"the settings have no {table} {wish.name!r} of {wish.account!r}; add it "
            "first, its secret may be missing"
        )
    notes = _made_key(environment, wish.settings.parent)
    keys = Keys.found(environment, wish.settings.parent)
    secret = _entered(f"{wish.key} of {wish.name}: ")
    sealed = keys.seal(secret, place_of(wish.account, wish.name, wish.key))
    return Sealed([f'{wish.key}_sealed = "{sealed}"'], notes)


def seal_again(settings: Path, environment: Mapping[str, str]) -> Sealed:
    """
    Seal by the first key whatever the settings hold that is sealed.

    Raises:
        UsageError: If the settings cannot be read.
        SettingsError: If a key cannot be read, or something does not open.
    """
    keys = Keys.found(environment, settings.parent)
    lines = []
    for account, name, key, sealed in _sealed(settings):
        place, where = place_of(account, name, key), f"{settings}, {name!r}, key '{key}_sealed'"
        again = keys.seal(keys.open(sealed, place, where), place)
        lines.append(f'{key}_sealed = "{again}"   # {name}')
    return Sealed(lines, [] if lines else ["nothing in the settings is sealed"])


def _sealed(settings: Path) -> Iterator[tuple[str, str, str, str]]:
    for key, table in SECRETS.items():
        for one in _tables(settings, table):
            if isinstance(sealed := one.get(f"{key}_sealed"), str):
                yield str(one.get("account")), str(one.get("name")), key, sealed


def _tables(settings: Path, table: str) -> list[dict[str, Any]]:
    # Read as they are: without their secrets they are no settings yet.
    try:
        found = tomllib.loads(settings.read_text(encoding="utf-8-sig")).get(table, [])
    except (OSError, ValueError) as error:
        raise UsageError(f"{settings}: cannot be read ({error})") from error
    return [one for one in found if isinstance(one, dict)]


def _made_key(environment: Mapping[str, str], folder: Path) -> list[str]:
    """Make a key file, readable by its owner alone, where nothing else is a key."""
    if VARIABLE in environment or environment.get("CREDENTIALS_DIRECTORY"):
        return []
    file = folder / FILE
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return []
    with open(descriptor, "w", encoding="ascii") as opened:
        opened.write(new_key() + "\n")
    return [f"made the key {file}; keep a copy of it elsewhere: without it nothing sealed opens"]


def _entered(prompt: str) -> str:
    if sys.stdin.isatty():
        secret = getpass.getpass(prompt)
    else:
        secret = sys.stdin.readline(_LIMIT).rstrip("\r\n")
    if not secret:
        raise UsageError("nothing was entered; type the secret, or give it on standard input")
    return secret

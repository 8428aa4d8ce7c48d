"""
Secrets: in the file, in a variable, in a file of their own, or sealed.

A key ``secret`` has three sisters: ``secret_env``, ``secret_file`` and ``secret_sealed``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from backend.settings.section import Section


@dataclass(frozen=True, slots=True)
class Surroundings:
    """
    What the file does not hold itself.

    Attributes:
        environment: the environment's variables.
        folder: where relative paths start.
    """

    environment: Mapping[str, str]
    folder: Path


def read_secret(section: Section, surroundings: Surroundings, key: str = "secret") -> str:
    """Take a secret, which is given in one of four ways."""
    ways = _ways(key)
    given = ways_given(section, key)
    if len(given) != 1:
        what = "is missing" if not given else "is given more than once: " + ", ".join(given)
        may_be_key = key == "secret" and section.mapping.get("kind", "sftp") == "sftp"
        other = ", or key_file (a private key)" if may_be_key and not given else ""
        raise section.error(
            key,
            what,
            f"give one of {ways[0]}, {ways[1]} (a variable), {ways[2]} (a path), {ways[3]} (by "
            f"'isebench seal'){other}",
        )
    named = section.text(given[0])
    if given[0] == ways[3]:
        return _opened(section, surroundings, key, named)
    if given[0] == ways[1]:
        if named not in surroundings.environment:
            raise section.error(
                ways[1],
                f"names {named!r}, which is not set",
                f"set {named} in the environment",
            )
        return surroundings.environment[named]
    if given[0] == ways[2]:
        try:
            return (surroundings.folder / named).read_text(encoding="utf-8-sig").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            raise section.error(
                ways[2], f"names {named!r}, which cannot be read", "name a readable file"
            ) from error
    return named


def ways_given(section: Section, key: str) -> list[str]:
    """Give the keys by which a secret is given; each of them is one of the table."""
    return [way for way in _ways(key) if section.take(way) is not None]


def _ways(key: str) -> tuple[str, str, str, str]:
    return key, f"{key}_env", f"{key}_file", f"{key}_sealed"


def _opened(section: Section, surroundings: Surroundings, key: str, sealed: str) -> str:
    """Open what is sealed; who has nothing sealed does not wait for the library."""
    from backend.adapters.sealing import Keys, place_of

    where = f"{section.where}, key '{key}_sealed'"
    keys = Keys.found(surroundings.environment, surroundings.folder)
    account, name = (str(section.mapping.get(one, "")) for one in ("account", "name"))
    return keys.open(sealed, place_of(account, name, key), where)

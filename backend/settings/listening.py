"""Where the backend listens, and what it keeps to: ``[backend]`` and ``[web]``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backend.errors import SettingsError
from backend.settings.secrets import Surroundings, read_secret
from backend.settings.section import Section

_PREFIX = "ISEBENCH_"
#: Shorter tokens can be guessed by who may try often.
_TOKEN_SIGNS_MIN = 16


@dataclass(frozen=True, slots=True)
class BackendSettings:
    """
    Where the backend listens and what it keeps to.

    Attributes:
        host, port: where chargers connect; port 0 takes a free one.
        database: the SQLite file.
        frame_limit_bytes: the longest frame a charger may send; a longer one ends the
            connection with code 1009.
        heartbeat_s: the interval given in BootNotification.conf. Its heartbeats bound how much
            of a charger's presence a crash can make unknown.
        answer_limit_s: real seconds that a charger may take to answer a command.
    """

    host: str = "127.0.0.1"
    port: int = 9000
    database: Path = Path("isebench.sqlite")
    frame_limit_bytes: int = 16_777_216
    heartbeat_s: int = 900
    answer_limit_s: float = 15.0


@dataclass(frozen=True, slots=True)
class WebSettings:
    """
    Where people and programs reach the backend over HTTP.

    Attributes:
        host, port: where it listens; port 0 takes a free one.
        token: who has it may do everything; never stored, never logged.
        behind_https: whether a proxy in front speaks HTTPS; then cookies are sent over it only.
    """

    host: str
    port: int
    token: str
    behind_https: bool = False

    def __repr__(self) -> str:
        return f"<web {self.host}:{self.port}>"


def read_backend(section: Section, surroundings: Surroundings) -> BackendSettings:
    """Read the table; the environment stands above it."""
    section = Section(_with_environment(section, surroundings), section.where)
    standard = BackendSettings()
    database = section.text("database", str(standard.database), "the path of a file")
    if not database or database.startswith(":"):
        raise section.error(
            "database", f"is {database!r}", "name a file: what is confirmed must be on disk"
        )
    settings = BackendSettings(
        host=section.text("host", standard.host),
        port=section.number("port", 0, 65_535, standard.port),
        database=surroundings.folder / database,
        frame_limit_bytes=section.number(
            "frame_limit_bytes", 1_024, 67_108_864, standard.frame_limit_bytes
        ),
        heartbeat_s=section.number("heartbeat_s", 10, 86_400, standard.heartbeat_s),
        answer_limit_s=section.number("answer_limit_s", 1, 600, int(standard.answer_limit_s)),
    )
    section.finish()
    return settings


def _with_environment(section: Section, surroundings: Surroundings) -> dict[str, Any]:
    mapping = dict(section.mapping)
    for key in ("host", "database"):
        if (value := surroundings.environment.get(_PREFIX + key.upper())) is not None:
            mapping[key] = value
    for key in ("port", "frame_limit_bytes", "heartbeat_s", "answer_limit_s"):
        name = _PREFIX + key.upper()
        if (value := surroundings.environment.get(name)) is not None:
            if not (value.isascii() and value.isdigit() and len(value) < 10):
                raise SettingsError(f"is {value!r}", f"environment, {name}", "write a whole number")
            mapping[key] = int(value)
    return mapping


def read_web(top: Section, surroundings: Surroundings) -> WebSettings | None:
    """Read the table of the whole; None where there is none: then it is off."""
    if top.mapping.get("web") is None:
        top.take("web")
        return None
    section = top.table("web")
    settings = WebSettings(
        host=section.text("host", "127.0.0.1"),
        port=section.number("port", 0, 65_535, 9080),
        token=read_secret(section, surroundings, "token"),
        behind_https=section.flag("behind_https", False),
    )
    if len(settings.token) < _TOKEN_SIGNS_MIN or not settings.token.isascii():
        raise section.error(
            "token",
            f"is shorter than {_TOKEN_SIGNS_MIN} signs, or holds others than ASCII",
            "draw one at random, for example with: openssl rand -hex 24",
        )
    section.finish()
    return settings

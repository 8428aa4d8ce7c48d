"""Settings as the text of a TOML file; Python reads TOML and does not write it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def to_toml(settings: Mapping[str, Any]) -> str:
    """
    Write what `tomllib` would read: tables of texts, numbers, flags, lists and tables.

    Each table of the top stands by itself; what is within one is written in its lines.
    """
    parts = []
    for name, value in settings.items():
        for one in value if isinstance(value, list) else [value]:
            head = f"[[{name}]]" if isinstance(value, list) else f"[{name}]"
            lines = [f"{_key(key)} = {_value(each)}" for key, each in one.items()]
            parts.append("\n".join((head, *lines)) + "\n")
    return "\n".join(parts)


def _key(name: str) -> str:
    return name if name.replace("_", "").isalnum() and name.isascii() else _text(name)


def _text(value: str) -> str:
    # JSON leaves one control sign as it is that TOML does not take.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_key(key)} = {_value(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_value, value)) + "]"
    return str(value) if isinstance(value, int) else _text(str(value))

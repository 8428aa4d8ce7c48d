"""
What people must not see of a frame: keys and passwords.

Rule 1: what is shown, logged or stored of what the backend sends goes through here first.
Rule 2: rather too much is masked than too little: of a location all between the protocol and
the last ``@``, and all that stands after a question mark, where servers are told their tokens.
Rule 3: a text that holds nothing to mask comes back as it was, sign for sign.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

MASK = "***"
#: OCPP-J 1.6 §6.2 and the security white paper: what logs a charger in.
SECRET_KEYS = frozenset({"authorizationkey"})

_LOGIN = re.compile(r"(\w[\w+.-]*://)[^\s\"\\]*@")
_QUERY = re.compile(r"(\w[\w+.-]*://[^\s\"?]*\?)[^\s\"]+")
_VALUE = re.compile(r'("value"\s*:\s*)(?:"(?:[^"\\]|\\.)*"?|[^\s,}\]]+)', re.IGNORECASE)


def is_secret_key(key: object) -> bool:
    """Tell whether a configuration key holds a secret."""
    return isinstance(key, str) and key.strip().lower() in SECRET_KEYS


def masked_text(text: str) -> str:
    """Mask logins and queries of the locations in a text."""
    if "://" not in text:
        return text
    return _QUERY.sub(rf"\1{MASK}", _LOGIN.sub(rf"\1{MASK}@", text))


def masked(value: Any) -> Any:
    """Mask what is secret in a JSON value; gives a new one."""
    if isinstance(value, str):
        return masked_text(value)
    if isinstance(value, list):
        return [masked(one) for one in value]
    if isinstance(value, dict):
        secret = any(name.lower() == "key" and is_secret_key(value[name]) for name in value)
        return {
            name: MASK if secret and name.lower() == "value" else masked(one)
            for name, one in value.items()
        }
    return value


def masked_echo(value: Any, command: Any) -> Any:
    """
    Mask what is secret in what a charger said to a command, also where it repeats it bare.

    Parameters:
        value: any JSON value that came as the answer.
        command: the payload of the command.
    """
    told = masked(value)
    for secret in _secrets(command):
        told = _without(told, secret)
    return told


def _secrets(command: Any) -> Iterator[str]:
    """Give the key that a ChangeConfiguration sets, and the login and the query of a location."""
    fields = command if isinstance(command, dict) else {}
    value, location = fields.get("value"), fields.get("location")
    if isinstance(value, str) and is_secret_key(fields.get("key")):
        yield value
    if isinstance(location, str):
        login = location.rpartition("@")[0].partition("://")[2]
        password = login.partition(":")[2]
        yield from (login, password, unquote(password), location.partition("?")[2])


def _without(value: Any, secret: str) -> Any:
    if isinstance(value, str) and secret:
        return value.replace(secret, MASK)
    if isinstance(value, list):
        return [_without(one, secret) for one in value]
    if isinstance(value, dict):
        return {name: _without(one, secret) for name, one in value.items()}
    return value


def masked_frame(text: str) -> str:
    """Mask what is secret in a frame, also in one that is no JSON."""
    # What is escaped in JSON ("\\/", "\\u004b") is seen only when it has been read.
    if "://" not in text and "\\" not in text and not _names_a_key(text):
        return text
    try:
        frame = json.loads(text)
        hidden = masked(frame)
    except (ValueError, RecursionError):
        found = masked_text(text)
        return _VALUE.sub(rf'\1"{MASK}"', found) if _names_a_key(found) else found
    if hidden == frame:
        return text
    return json.dumps(hidden, separators=(",", ":"), ensure_ascii=False)


def _names_a_key(text: str) -> bool:
    # Not a regular expression without case: this is asked of every frame that is shown.
    lower = text.lower()
    return any(key in lower for key in SECRET_KEYS)

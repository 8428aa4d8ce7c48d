"""
What no recording tells of what crossed: passwords and keys.

Rule 1: what is written into a file goes through here; what is kept in memory for verdicts does not.
Rule 2: a text that holds nothing to hide stays as it was, sign for sign.

On an OCPP wire that is a charger's ``AuthorizationKey``, and the login and the query of a location
(`backend.core.masking`); on other wires the value of every JSON member that is called like a
password, besides. What logs a charger in stands in the head of its HTTP request, and heads are in
no recording.
"""

from __future__ import annotations

import re

from backend.core.masking import MASK, masked_frame, masked_text

_MEMBER = re.compile(
    r'("[^"\\]*(?:password|passphrase|secret|token|private_key)"\s*:\s*)"(?:[^"\\]|\\.)*"?',
    re.IGNORECASE,
)


def without_secrets(wire: str, text: str) -> str:
    """Give what crossed a wire as a file may hold it; what is hidden is ``***``."""
    if wire.startswith("ocpp"):
        return masked_frame(text)
    return _MEMBER.sub(rf'\1"{MASK}"', masked_text(text))

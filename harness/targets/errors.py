"""What can go wrong with a backend that is not ours."""

from __future__ import annotations

from harness.errors import HarnessError


class TargetTrouble(HarnessError):
    """The target does not start, has ended, or breaks the protocol; nothing is known then."""


class TargetRefuses(HarnessError):
    """The target does not accept its settings; the text is what it said."""


class NotOffered(HarnessError):
    """A sentence needs what the target does not offer, so it is not applicable to it."""

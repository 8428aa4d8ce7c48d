"""
The firmware upgrade (document 004 §4.1.9).

Rule 1: a gateway with version 2.01 or older needs the server's certificate on its file system
before it begins; a newer one knows the usual authorities, and takes certificates there as well.
Rule 2: what is fetched is not firmware that anything runs. The new version is the one that the
file's name bears, as in ``sg-2.10.bin`` (ASSUMED); its content is counted and thrown away.
Rule 3: after the restart settings must be left alone for a minute, or the gateway goes back to the
version that it had. The words of the status are ASSUMED, but for N/A and OK.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from enum import Enum
from urllib.parse import urlsplit

from simulators.errors import NotAccepted, NotPossible

URL_LIMIT = 500
FIRMWARE_LIMIT_BYTES = 4 * 1024 * 1024
"""Half of the flash of 8 MB that the status page shows (ASSUMED)."""
INSTALLING_LASTS = timedelta(seconds=20)
TRIAL_LASTS = timedelta(minutes=1)
NEEDS_CERTIFICATE_UP_TO = 201
VERSION = re.compile(r"(?<!\d)(\d{1,2})\.(\d{2})(?!\d)")


class Step(Enum):
    """How far it is; the words of the status page."""

    NONE = "N/A"
    DOWNLOADING = "Downloading"
    INSTALLING = "Installing"
    RESTARTING = "Restarting"
    TRIAL = "On trial"
    DONE = "OK"
    REVERTED = "Reverted"
    FAILED = "Failed"


class Upgrade:
    """
    The upgrade that is under way, or was the last one.

    Attributes:
        step: how far it is.
        reason: why it failed.
        version: of the firmware that is upgraded to.
        previous: of the one before.
    """

    def __init__(self) -> None:
        self.step = Step.NONE
        self.reason = ""
        self.version = ""
        self.previous = ""
        self.url = ""
        self._until: datetime | None = None

    @property
    def status(self) -> str:
        """What the status page says."""
        return f"{self.step.value}: {self.reason}" if self.reason else self.step.value

    @property
    def is_under_way(self) -> bool:
        """Whether the LED blinks red."""
        return self.step in (Step.DOWNLOADING, Step.INSTALLING)

    @property
    def due(self) -> datetime | None:
        """When the next step comes by itself; None for not by itself."""
        return self._until

    def begin(self, url: str, running: str, *, has_certificate: bool) -> None:
        """
        Begin to fetch.

        Parameters:
            url: of the firmware.
            running: the version that runs.
            has_certificate: whether there is a certificate on the file system.

        Raises:
            NotAccepted: If the URL cannot be one.
            NotPossible: If one is under way already, or a certificate is missing.
        """
        version = _version_of(url)
        if self.is_under_way or self.step in (Step.RESTARTING, Step.TRIAL):
            raise NotPossible("upgrade", "the gateway", "an upgrade is under way; wait for its end")
        if _number(running) <= NEEDS_CERTIFICATE_UP_TO and not has_certificate:
            why = f"version {running} needs the server's certificate; add its .pem file first"
            raise NotPossible("upgrade", "the gateway", why)
        self.step, self.reason, self.url = Step.DOWNLOADING, "", url
        self.version, self.previous = version, running

    def fetched(self, at: datetime) -> None:
        """Have the whole file."""
        if self.step is Step.DOWNLOADING:
            self.step, self._until = Step.INSTALLING, at + INSTALLING_LASTS

    def fail(self, reason: str) -> None:
        """Give up; the version that runs goes on running."""
        self.step, self.reason, self._until = Step.FAILED, reason, None

    def advance(self, at: datetime) -> None:
        """Take the step that has come by ``at``."""
        if self._until is not None and self._until <= at:
            self._until = None
            self.step = Step.RESTARTING if self.step is Step.INSTALLING else Step.DONE

    def restarted(self, at: datetime) -> None:
        """Run again; a new version is on trial from now on, another restart breaks one off."""
        if self.step is Step.RESTARTING:
            self.step, self._until = Step.TRIAL, at + TRIAL_LASTS
        elif self.is_under_way:
            self.fail("the gateway was restarted")

    def settings_touched(self) -> bool:
        """Tell, once, whether the gateway has to go back because settings were changed."""
        if self.step is not Step.TRIAL:
            return False
        self.step, self._until = Step.REVERTED, None
        return True


def _version_of(url: str) -> str:
    remedy = "give an https URL whose file name has the version, as https://host/sg-2.10.bin"
    if not url.isascii() or not url.isprintable() or len(url) > URL_LIMIT:
        raise NotAccepted("upgrade URL", url, remedy)
    try:
        parts = urlsplit(url)
        is_https = parts.scheme == "https" and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_https = False
    name = parts.path.rpartition("/")[2] if is_https else ""
    found = VERSION.findall(name)
    if not found:
        raise NotAccepted("upgrade URL", url, remedy)
    major, minor = found[-1]
    return f"{int(major)}.{minor}"


def _number(version: str) -> int:
    major, minor, *_ = version.split(".")
    return int(major) * 100 + int(minor)

"""
Which files stood where at which instant, with their sizes and hashes.

Rule 1: every change of a file is one `Version`; nothing is ever taken out of the list.
Rule 2: within one instant the versions keep the order in which they came about, so that also
what was visible only for a moment can be judged (`History.of`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Version:
    """
    A file as it stood from an instant on.

    Attributes:
        at: when it came to stand so, aware, in UTC.
        path: below the drop's root, with ``/`` and without a leading one.
        size_bytes: None from when no file stood there.
        sha256: of the content, lower-case hex; None with the size.
    """

    at: datetime
    path: str
    size_bytes: int | None
    sha256: str | None


class History:
    """The versions of all files of one drop."""

    def __init__(self) -> None:
        self.versions: list[Version] = []
        self._now: dict[str, Version] = {}

    def note(self, version: Version) -> None:
        """Keep ``version``, which has just come about."""
        self.versions.append(version)
        if version.size_bytes is None:
            self._now.pop(version.path, None)
        else:
            self._now[version.path] = version

    def of(self, path: str) -> tuple[Version, ...]:
        """Give every version that ever stood under ``path``, oldest first."""
        return tuple(version for version in self.versions if version.path == path)

    def now(self, path: str) -> Version | None:
        """Give what stands under ``path``."""
        return self._now.get(path)

    def used_bytes(self, folder: str = "") -> int:
        """Sum the sizes of all files below ``folder``."""
        return sum(
            version.size_bytes or 0 for path, version in self._now.items() if _is_in(path, folder)
        )

    def visible_at(self, instant: datetime, folder: str | None = None) -> dict[str, int]:
        """
        Give name and size in bytes of every file as it stood at the end of ``instant``.

        Parameters:
            instant: aware.
            folder: None for all files, by their path below the root; else only those
                that stand directly in this folder, by their bare name.
        """
        standing: dict[str, int] = {}
        for version in self.versions:
            if version.at > instant:
                break
            if version.size_bytes is None:
                standing.pop(version.path, None)
            else:
                standing[version.path] = version.size_bytes
        if folder is None:
            return dict(sorted(standing.items()))
        parent = folder.strip("/")
        split = ((*path.rpartition("/")[::2], size) for path, size in sorted(standing.items()))
        return {name: size for where, name, size in split if where == parent}


def _is_in(path: str, folder: str) -> bool:
    return not folder or path.startswith(folder + "/")

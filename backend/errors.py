"""
What can go wrong in the backend, by who can mend it.

* `BackendError`: says what, where and what to do
    * `SettingsError`: the operator's settings are wrong
        * `MeteringCodeError`, `ObisError`, `LayoutError`
    * `DeviceError`: a charger sent what cannot be used
        * `FrameError`: a frame that is no OCPP-J message
    * `DeliveryError`: the utility's server, or the way to it
        * `Unreachable`, `HostKeyChanged`, `LoginRefused`, `Denied`, `FolderMissing`,
          `NoSpace`, `RenameRefused`, `Incomplete`, `NameTaken`, `LineBroken`, `TooSlow`
    * `StoreError`: the database

Each carries its data as attributes, and its text is one sentence for a person.
"""

from __future__ import annotations


class BackendError(Exception):
    """
    Something went wrong.

    Parameters:
        what: what happened.
        where: in which setting, frame, file or server.
        remedy: what to do about it.
    """

    def __init__(self, what: str, where: str, remedy: str) -> None:
        super().__init__(what, where, remedy)
        self.what = what
        self.where = where
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.where}: {self.what}; {self.remedy}"


class SettingsError(BackendError):
    """The operator's settings are wrong."""


class MeteringCodeError(SettingsError):
    """Not a metering code."""


class ObisError(SettingsError):
    """Not an OBIS code, or not one that the format lists."""


class LayoutError(SettingsError):
    """A file layout that cannot be written or read back."""


class DeviceError(BackendError):
    """A charger sent what cannot be used."""


class FrameError(DeviceError):
    """A frame that is no OCPP-J message."""


class StoreError(BackendError):
    """The database refuses, or is not one that is safe to use."""


class DeliveryError(BackendError):
    """
    The file is not (known to be) at the utility's server.

    Attributes:
        cause: one word for the status of the task, told apart as DLV-06 lists.
    """

    cause = "failed"


class Unreachable(DeliveryError):
    """No connection: unknown host, nothing listens, no answer in time."""

    cause = "unreachable"


class HostKeyChanged(DeliveryError):
    """The server shows another host key than the pinned one."""

    cause = "host key"


class LoginRefused(DeliveryError):
    """Wrong user, password or key."""

    cause = "login"


class Denied(DeliveryError):
    """The user may not write there."""

    cause = "permission"


class FolderMissing(DeliveryError):
    """The folder of the destination does not exist on the server."""

    cause = "folder"


class NoSpace(DeliveryError):
    """Disk full or quota used up, as far as the server says so."""

    cause = "space"


class RenameRefused(DeliveryError):
    """The file was uploaded but cannot be given its final name."""

    cause = "rename"


class Incomplete(DeliveryError):
    """The server holds fewer or other bytes than were sent."""

    cause = "incomplete"


class NameTaken(DeliveryError):
    """Another file stands under the final name already."""

    cause = "name taken"


class LineBroken(DeliveryError):
    """The line broke while the file was on its way."""

    cause = "line"


class TooSlow(DeliveryError):
    """The delivery took longer than its limit."""

    cause = "timeout"

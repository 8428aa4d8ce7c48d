"""
What can go wrong in the backend, by who can mend it.

* `BackendError`: says what, where and what to do
    * `SettingsError`: the operator's settings are wrong
        * `MeteringCodeError`, `ObisError`, `LayoutError`
    * `CommandError`: a command that must not be sent, as its caller has written it
    * `ReadingError`: readings that were sent for a meter and cannot be kept
    * `UnreadableFile`: a file that is none of what it should be
    * `DeviceError`: a charger sent what cannot be used, or does not do what it is asked
        * `FrameError`: a frame that is no OCPP-J message
        * `NotConnected`, `NotAllowed`, `Busy`: the command was not sent
        * `Refused`, `BadAnswer`, `NoAnswer`, `LineLost`: it was sent
    * `GatewayError`: a smart gateway, or the way to it
        * `GatewayUnreachable`, `GatewayRefused`, `GatewayAnswerError`
    * `DeliveryError`: the utility's server, or the way to it
        * `Unreachable`, `HostKeyChanged`, `CertificateChanged`, `TlsFailed`, `LoginRefused`,
          `Denied`, `FolderMissing`, `NoSpace`, `RenameRefused`, `Incomplete`, `NameTaken`,
          `LineBroken`, `TooSlow`
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


class CommandError(BackendError):
    """
    A command that must not be sent, as its caller has written it.

    Attributes:
        field: which field is wrong, ``csChargingProfiles.stackLevel``; empty for the whole.
        rule: what it breaks: a keyword of JSON schema, or a rule of OCPP by its section.
    """

    def __init__(
        self, what: str, where: str, remedy: str, *, field: str = "", rule: str = ""
    ) -> None:
        super().__init__(what, where, remedy)
        self.field = field
        self.rule = rule


class UnreadableFile(BackendError):
    """A file that is none of what it should be."""


class ReadingError(BackendError):
    """
    Readings that were sent for a meter and cannot be kept; none of the request is.

    Attributes:
        field: which field is wrong, ``[3].register``; empty for the whole.
        rule: what it breaks.
    """

    def __init__(
        self, what: str, where: str, remedy: str, *, field: str = "", rule: str = ""
    ) -> None:
        super().__init__(what, where, remedy)
        self.field = field
        self.rule = rule


class DeviceError(BackendError):
    """
    A charger sent what cannot be used, or does not do what it is asked.

    Attributes:
        kind: one word for programs; the class says the same.
    """

    kind = "unusable"


class FrameError(DeviceError):
    """A frame that is no OCPP-J message."""


class NotConnected(DeviceError):
    """The charger has no line to this backend; nothing was sent."""

    kind = "not-connected"


class NotAllowed(DeviceError):
    """OCPP forbids the command as long as the charger's boot is not accepted; nothing was sent."""

    kind = "not-allowed"


class Busy(DeviceError):
    """Too many commands wait for the charger already; nothing was sent."""

    kind = "busy"


class Refused(DeviceError):
    """
    The charger answered with a CALLERROR.

    Attributes:
        code: the error code, as the charger wrote it.
        description: what it said besides; may be empty.
    """

    kind = "refused"

    def __init__(self, code: str, description: str, what: str, where: str, remedy: str) -> None:
        super().__init__(what, where, remedy)
        self.code = code
        self.description = description


class BadAnswer(DeviceError):
    """The charger's answer holds nothing that can be used."""

    kind = "bad-answer"


class NoAnswer(DeviceError):
    """The charger has not answered in time; whether it did what it was asked is not known."""

    kind = "no-answer"


class LineLost(DeviceError):
    """The line ended before the answer; whether the charger did what it was asked is not known."""

    kind = "line-lost"


class StoreError(BackendError):
    """The database refuses, or is not one that is safe to use."""


class GatewayError(BackendError):
    """A smart gateway cannot be read, or tells what cannot be used; it is tried again."""


class GatewayUnreachable(GatewayError):
    """Nobody answers, or the line breaks."""


class GatewayRefused(GatewayError):
    """The gateway does not let this user in."""


class GatewayAnswerError(GatewayError):
    """The gateway, or a meter behind it, tells what cannot be used."""


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
    """The server shows another host key than the pinned one, or none is pinned yet."""

    cause = "host key"


class CertificateChanged(DeliveryError):
    """The server shows another certificate than the pinned one."""

    cause = "certificate"


class TlsFailed(DeliveryError):
    """No encrypted connection, or the server shows a certificate that is not to be trusted."""

    cause = "tls"


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

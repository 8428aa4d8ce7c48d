"""
What can go wrong at a utility's server.

The first group is the server's own doing and bites in `drop`, whatever the wire; the second is
the line's, and bites in the wire's own file. ``action`` names an operation as the drop's events
do: ``connect``, ``user``, ``login``, ``open``, ``write``, ``sync``, ``close``, ``stat``,
``rename``, ``read``, ``list``, ``remove``, ``make-folder``, ``remove-folder``, ``resolve``; over
FTP besides ``secure`` (AUTH), ``buffer`` (PBSZ), ``protect`` (PROT), ``features``, ``type``,
``passive`` (PASV, EPSV), ``active`` (PORT, EPRT), ``rename-from``, ``change-folder``, ``hash``,
``quit``. Where a line asks for the same more than once, ``nth`` says at the how-many-th time the
fault bites; 0 means each time.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import ClassVar

from simulators.faults import Fault

# --- the server


@dataclass(frozen=True, slots=True)
class RefusedLogin(Fault):
    """
    Logins are refused although the password, or the key, is right.

    Attributes:
        user: only this user's; None for everybody's.
    """

    name: ClassVar[str] = "refused-login"
    user: str | None = None


@dataclass(frozen=True, slots=True)
class FullDisk(Fault):
    """
    The disk takes a few more bytes and then no more; what fitted stays there.

    Attributes:
        free_bytes: how many more bytes the disk takes, counted from when the fault came on.
    """

    name: ClassVar[str] = "full-disk"
    free_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Quota(Fault):
    """
    A write that would bring a user's files above the quota is refused; what fitted stays there.

    Attributes:
        limit_bytes: how much may stand below a home.
    """

    name: ClassVar[str] = "quota"
    limit_bytes: int = 0


@dataclass(frozen=True, slots=True)
class SilentQuota(Fault):
    """
    A file above the quota is taken with OK at every step and removed when it is closed.

    As ProFTPD's mod_sftp with mod_quotatab does.

    Attributes:
        limit_bytes: the largest file that stays.
    """

    name: ClassVar[str] = "silent-quota"
    limit_bytes: int = 0


@dataclass(frozen=True, slots=True)
class ShortWrite(Fault):
    """
    Of each file only a beginning is kept, while every write of it is answered OK.

    As asyncssh's own server does on a full disk.

    Attributes:
        kept_bytes: how much of a file is kept.
    """

    name: ClassVar[str] = "short-write"
    kept_bytes: int = 0


@dataclass(frozen=True, slots=True)
class DeniedWriting(Fault):
    """
    Nobody may create, change, rename or remove anything.

    Attributes:
        folder: only below this folder, as the user sees it.
    """

    name: ClassVar[str] = "denied-writing"
    folder: str = "/"


@dataclass(frozen=True, slots=True)
class RefusedOverwrite(Fault):
    """
    A file that stands there is not replaced, neither by an upload nor by a rename.

    As ProFTPD with AllowOverwrite off.
    """

    name: ClassVar[str] = "refused-overwrite"


@dataclass(frozen=True, slots=True)
class RefusedRename(Fault):
    """
    Files keep the name under which they were uploaded.

    Attributes:
        with_reason: True for "permission denied", False for a bare failure.
    """

    name: ClassVar[str] = "refused-rename"
    with_reason: bool = True


# --- the line


@dataclass(frozen=True, slots=True)
class AtStep(Fault):
    """
    What is at one step of a line; the base of such faults.

    Attributes:
        action: which step.
        nth: at the how-many-th time that the line asks for it; 0 for each time.
    """

    action: str
    nth: int = field(default=0, kw_only=True)


@dataclass(frozen=True, slots=True)
class RefusedCommand(AtStep):
    """
    The command is not done but refused, in words of one's choice.

    A close is done all the same; only its answer is the refusal.

    Attributes:
        code: the reply of FTP, 400 to 599; over SFTP it is a failure.
        text: the words that come with it.
    """

    name: ClassVar[str] = "refused-command"
    code: int = 550
    text: str = "Requested action not taken"

    def __post_init__(self) -> None:
        if not 400 <= self.code <= 599:
            raise ValueError(f"refused-command, code: {self.code} is not between 400 and 599")


@dataclass(frozen=True, slots=True)
class CutAfterBytes(Fault):
    """
    The line is cut once a session has uploaded so much; these bytes are on the disk.

    Attributes:
        upload_bytes: bytes of file content from the client, counted per session.
        with_reset: whether TCP says so by a reset instead of an end.
        data_alone: whether the control connection of FTP stays, and says so (426).
    """

    name: ClassVar[str] = "cut-after-bytes"
    upload_bytes: int
    with_reset: bool = False
    data_alone: bool = False


@dataclass(frozen=True, slots=True)
class CutAtCommand(AtStep):
    """
    The line is cut when the command has arrived and before anything is done about it.

    Attributes:
        with_reset: whether TCP says so by a reset instead of an end.
    """

    name: ClassVar[str] = "cut-at-command"
    with_reset: bool = False


@dataclass(frozen=True, slots=True)
class CutBeforeAnswer(AtStep):
    """
    The command is done, and the line is cut before its answer leaves.

    Attributes:
        with_reset: whether TCP says so by a reset instead of an end.
    """

    name: ClassVar[str] = "cut-before-answer"
    action: str = "rename"
    with_reset: bool = False


@dataclass(frozen=True, slots=True)
class NoAnswer(AtStep):
    """The command is never answered, nor done; the line stays up."""

    name: ClassVar[str] = "no-answer"


@dataclass(frozen=True, slots=True)
class SlowAnswer(AtStep):
    """
    The command is done, and its answer leaves after a while of the machine's time.

    Attributes:
        delay_ms: how long it takes; longer than the other side waits, it is an answer that never
            comes although all is done.
    """

    name: ClassVar[str] = "slow-answer"
    delay_ms: int = 100


@dataclass(frozen=True, slots=True)
class SlowLine(Fault):
    """
    Uploads are read no faster than this, in the machine's time.

    It takes real time, as `SlowAnswer` does: an instant of the scenario lasts as long as it takes,
    and the clock's patience is its limit.

    Attributes:
        bytes_per_s: how fast, 1 or more.
    """

    name: ClassVar[str] = "slow-line"
    bytes_per_s: int = 100_000

    def __post_init__(self) -> None:
        if self.bytes_per_s < 1:
            raise ValueError(f"slow-line, bytes_per_s: {self.bytes_per_s} is not 1 or more")


@dataclass(frozen=True, slots=True)
class ChangedHostKey(Fault):
    """
    New connections are shown another host key than the one that was handed out.

    Of SFTP alone; what is like it over FTPS is `ExpiredCertificate`.
    """

    name: ClassVar[str] = "changed-host-key"


@dataclass(frozen=True, slots=True)
class ExpiredCertificate(Fault):
    """New connections are shown a certificate that is out of date. Of FTPS alone."""

    name: ClassVar[str] = "expired-certificate"


@dataclass(frozen=True, slots=True)
class SessionReuseDemanded(Fault):
    """
    Data connections that do not resume a TLS session are refused. Of FTPS alone.

    As vsftpd and ProFTPD are set by default: after the handshake, and an empty file is left.

    Attributes:
        forgotten: whether the server knows none of its sessions any more, so that all are.
    """

    name: ClassVar[str] = "session-reuse-demanded"
    forgotten: bool = False


@dataclass(frozen=True, slots=True)
class ClosedPassivePorts(Fault):
    """EPSV and PASV name a port on which nobody listens, as behind a firewall. Of FTP alone."""

    name: ClassVar[str] = "closed-passive-ports"


@dataclass(frozen=True, slots=True)
class ServerAway(Fault):
    """Nothing listens, and lines that were up are cut."""

    name: ClassVar[str] = "server-away"


DROP_FAULTS: dict[str, type[Fault]] = {
    kind.name: kind
    for kind in (
        RefusedLogin,
        FullDisk,
        Quota,
        SilentQuota,
        ShortWrite,
        DeniedWriting,
        RefusedOverwrite,
        RefusedRename,
        RefusedCommand,
        CutAfterBytes,
        CutAtCommand,
        CutBeforeAnswer,
        NoAnswer,
        SlowAnswer,
        SlowLine,
        ChangedHostKey,
        ExpiredCertificate,
        SessionReuseDemanded,
        ClosedPassivePorts,
        ServerAway,
    )
}
"""Every fault of this room by its name."""


def fault_from_text(text: str) -> Fault:
    """
    Make a fault of a text: its name, and what differs from its defaults.

    Parameters:
        text: ``full-disk``, ``full-disk:free_bytes=2000``, ``no-answer:action=list``.

    Raises:
        ValueError: If there is no such fault, or it has no such attribute or value.
    """
    name, _, rest = text.partition(":")
    kind = DROP_FAULTS.get(name)
    if kind is None:
        raise ValueError(f"there is no fault {name!r}; there are {', '.join(DROP_FAULTS)}")
    known = {field.name: str(field.type) for field in dataclasses.fields(kind)}
    values: dict[str, object] = {}
    for pair in rest.split(",") if rest else ():
        key, _, value = pair.partition("=")
        if key not in known:
            raise ValueError(f"{name} has no {key!r}; it has {', '.join(known) or 'nothing'}")
        values[key] = _value(value, known[key], f"{name}, {key}")
    lacking = [
        field.name
        for field in dataclasses.fields(kind)
        if field.default is dataclasses.MISSING and field.name not in values
    ]
    if lacking:
        raise ValueError(f"{name} needs {', '.join(lacking)}: write {name}:{lacking[0]}=…")
    return kind(**values)


def _value(text: str, kind: str, where: str) -> object:
    if kind == "int":
        if not (text.isascii() and text.isdigit()):
            raise ValueError(f"{where}: {text!r} is no whole number of 0 or more")
        return int(text)
    if kind == "bool":
        if text not in ("true", "false"):
            raise ValueError(f"{where}: {text!r} is neither true nor false")
        return text == "true"
    return text

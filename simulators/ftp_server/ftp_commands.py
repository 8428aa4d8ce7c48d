"""
The commands of FTP as verbs of a `Session`: RFC 959, 2228, 2428, 3659 and 4217.

What pyftpdlib would do with logins and files by itself is replaced here; the words are ProFTPD's
where the RFC leaves them open.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Callable

from pyftpdlib.filesystems import AbstractedFS  # type: ignore[import-untyped]

from simulators.ftp_server.ftp_data import Download, Listing, Transfer, Upload
from simulators.ftp_server.ftp_files import (
    FIXED_TIME,
    HASHES,
    bare_lines,
    fact_lines,
    fact_text,
    is_file,
    long_lines,
    reply_to,
)
from simulators.ftp_server.ftp_line import ControlLine
from simulators.ftp_server.session import OpenFile, OpenMode, Session


class _Paths(AbstractedFS):  # type: ignore[misc]
    """Paths as the user sees them; the session knows the real ones."""

    def ftp2fs(self, path: str) -> str:
        return posixpath.join(self.cwd, path)

    def validpath(self, path: str) -> bool:
        return True


class _Anybody:
    """What pyftpdlib asks of rights; the session decides about them."""

    def has_perm(self, name: str, right: str, path: str | None = None) -> bool:
        return True


class CommandLine(ControlLine):
    """A control connection that knows the commands; pyftpdlib finds them by their names."""

    abstracted_fs = _Paths
    authorizer = _Anybody()

    # --- who it is

    def ftp_USER(self, line: str) -> None:
        """Take the name; whether there is such a user is not said."""
        if self.authenticated:
            self.respond("501 Reauthentication not supported.")
        else:
            self.username = line
            self.respond(f"331 Password required for {line}.")

    def ftp_PASS(self, line: str) -> None:
        """Log in; after three failures the line is closed, as ProFTPD and vsftpd do."""
        if self.authenticated or not self.username:
            self.respond("503 Login with USER first.")
            return
        user = self.drop.login(self.username, line, self.terms.wire)
        if user is not None:
            self.session = Session(self.drop, user, self.terms.wire)
            self.handle_auth_success("/", "", f"User {user.name} logged in.")
            return
        self.attempted_logins += 1
        self.respond("530 Login incorrect.")
        if self.attempted_logins >= self.max_login_attempts:
            self.close_when_done()

    def ftp_AUTH(self, line: str) -> None:
        """Begin TLS behind the answer, RFC 4217 §4."""
        if self._ssl_established:
            self.respond("503 Already using TLS.")
        elif line.upper() in ("TLS", "TLS-C", "TLS-P", "SSL"):
            self.respond(f"234 AUTH {line.upper()} successful.")
            # What was sent in clear behind it is not done.
            self.ac_in_buffer = b""
            self._afterwards.append(lambda: self.secure_connection(self.ssl_context))
        else:
            self.respond("504 AUTH understands TLS alone.")

    def ftp_QUIT(self, line: str) -> None:
        """Say goodbye."""
        self.respond("221 Goodbye.")
        self.close_when_done()

    def ftp_ABOR(self, line: str) -> None:
        """Give up what is on its way."""
        data = self.data_channel
        busy = self._waiting is not None or (data is not None and data.transfer is not None)
        self.drop_waiting("426 Transfer aborted.")
        self._shutdown_connecting_dtp()
        if data is not None:
            if data.transfer is not None:
                self.respond("426 Transfer aborted.")
            data.close()
        self.respond("226 Abort successful." if busy else "225 No transfer to abort.")

    # --- transfers

    def ftp_STOR(self, path: str, mode: str = "w") -> None:
        """Take a file, from where REST said."""
        offset_bytes, self._restart_position = self._restart_position, 0
        if self._can_transfer():
            whole = not offset_bytes
            self._store(path, OpenMode(write=True, create=whole, truncate=whole), offset_bytes)

    def ftp_APPE(self, path: str) -> None:
        """Take what is to stand behind a file."""
        self._restart_position = 0
        if self._can_transfer():
            self._store(path, OpenMode(write=True, create=True, append=True), 0)

    def ftp_RETR(self, path: str) -> None:
        """Give a file, from where REST said."""
        offset_bytes, self._restart_position = self._restart_position, 0
        if self._can_transfer():
            file = self._open(path, OpenMode(read=True), offset_bytes)
            if file is not None:
                self._begin(Download(self, file, offset_bytes))

    def _store(self, path: str, mode: OpenMode, offset_bytes: int) -> None:
        file = self._open(path, mode, offset_bytes)
        if file is not None:
            self._begin(Upload(self, file, offset_bytes))

    def _open(self, path: str, mode: OpenMode, offset_bytes: int) -> OpenFile | None:
        try:
            file = self.opened.open(path, mode)
        except OSError as error:
            self.respond(reply_to(error, path))
            return None
        if offset_bytes > file.size_bytes:
            self.opened.close(file)
            self.respond(f"554 Restart at {offset_bytes} is beyond the file's end.")
            return None
        return file

    def _can_transfer(self) -> bool:
        """Say whether there is a way for data; answer where there is none."""
        data = self.data_channel
        ways = (data, self._dtp_acceptor, self._dtp_connector, self._deaf_port)
        if not self._prot and self.terms.security in ("explicit", "implicit"):
            self.respond("522 SSL/TLS required on the data channel.")
        elif self._waiting is not None or (data is not None and data.transfer is not None):
            self.respond("450 Another transfer is in progress.")
        elif not any(way is not None for way in ways):
            self.respond("425 Use PORT or PASV first.")
        else:
            return True
        return False

    def _begin(self, transfer: Transfer) -> None:
        self.respond("150 Opening data connection.")
        self._afterwards.append(lambda: self._carry(transfer))

    def _carry(self, transfer: Transfer) -> None:
        if self.data_channel is not None:
            self.data_channel.begin(transfer)
        else:
            self._waiting = transfer

    # --- lists

    def ftp_LIST(self, path: str) -> None:
        """List a folder, or a file, as ``ls -l`` does."""
        self._list(path, lambda: long_lines(self._entries(path, "list")))

    def ftp_NLST(self, path: str) -> None:
        """List the names in a folder."""
        self._list(path, lambda: bare_lines(self._entries(path, "list")))

    def ftp_MLSD(self, path: str) -> None:
        """List a folder for machines, RFC 3659 §7."""
        self._list(path, lambda: fact_lines(self.opened.list(path), self._current_facts))

    def _entries(self, path: str, action: str) -> list[tuple[str, os.stat_result]]:
        if self.opened.is_folder(path):
            return list(self.opened.list(path, action))
        return [(posixpath.basename(path), self.opened.stat(path, action))]

    def _list(self, path: str, content: Callable[[], bytes]) -> None:
        if not self._can_transfer():
            return
        try:
            listing = Listing(content())
        except OSError as error:
            self.respond(reply_to(error, path))
        else:
            self._begin(listing)

    def ftp_MLST(self, path: str) -> None:
        """Describe a file or folder for machines."""

        def describe() -> None:
            facts = fact_text(self.opened.stat(path), self._current_facts)
            self.push(f"250-Start of list\r\n {facts} {path}\r\n")
            self.respond("250 End of list")

        self._do(path, describe)

    def ftp_STAT(self, path: str) -> None:
        """Describe the line, or list a file or folder on it."""
        if not path:
            super().ftp_STAT("")
            return

        def describe() -> None:
            lines = long_lines(self._entries(path, "stat")).decode()
            self.push(f"213-Status of {path}:\r\n{lines}")
            self.respond("213 End of status")

        self._do(path, describe)

    # --- files

    def _do(self, path: str, verb: Callable[[], object], reply: str = "") -> None:
        """Do a verb and answer with ``reply``, unless it answers by itself."""
        try:
            verb()
        except OSError as error:
            self.respond(reply_to(error, path))
        else:
            if reply:
                self.respond(reply)

    def ftp_SIZE(self, path: str) -> None:
        """Tell the size; not of what would be sent as text, as ProFTPD refuses."""

        def tell() -> None:
            status = self.opened.stat(path)
            plain = f"213 {status.st_size}"
            self.respond(plain if is_file(status) else f"550 {path}: not a regular file")

        if self._current_type == "a":
            self.respond("550 SIZE not allowed in ASCII mode.")
        else:
            self._do(path, tell)

    def ftp_MDTM(self, path: str) -> None:
        """Tell the time of a file, which is the same for all."""
        self._do(path, lambda: self.opened.stat(path), f"213 {FIXED_TIME}")

    def ftp_MFMT(self, path: str, timeval: str) -> None:
        """Take a time and do not keep it."""
        taken = f"213 Modify={timeval}; {path}"
        self._do(path, lambda: self.opened.stat(path, "set-time"), taken)

    def ftp_CWD(self, path: str) -> None:
        """Change the folder."""

        def change() -> None:
            self.fs.cwd = self.opened.enter(path)

        self._do(path, change, "250 CWD command successful.")

    def ftp_PWD(self, line: str) -> None:
        """Tell the folder; quotes are doubled, RFC 959 appendix II."""
        shown = self.opened.resolve(self.fs.cwd).replace('"', '""')
        self.respond(f'257 "{shown}" is the current directory.')

    def ftp_MKD(self, path: str) -> None:
        """Make a folder."""
        shown = path.replace('"', '""')
        self._do(path, lambda: self.opened.make_folder(path), f'257 "{shown}" created.')

    def ftp_RMD(self, path: str) -> None:
        """Remove an empty folder."""
        self._do(path, lambda: self.opened.remove_folder(path), "250 RMD command successful.")

    def ftp_DELE(self, path: str) -> None:
        """Remove a file."""
        self._do(path, lambda: self.opened.remove(path), "250 DELE command successful.")

    def ftp_RNFR(self, path: str) -> None:
        """Remember which file is to have another name."""
        self._rnfr = None

        def remember() -> None:
            self.opened.stat(path, "rename-from")
            self._rnfr = path

        self._do(path, remember, "350 File exists, ready for destination name.")

    def ftp_RNTO(self, path: str) -> None:
        """Give it the name; a file that has it is replaced, as all measured servers do."""
        old, self._rnfr = self._rnfr, None
        if old is None:
            self.respond("503 Bad sequence of commands: use RNFR first.")
        else:
            self._do(path, lambda: self.opened.rename(old, path, replace=True), "250 Rename OK.")

    # --- hashes, as ProFTPD's mod_digest words them

    def ftp_HASH(self, path: str) -> None:
        """Tell the hash of a file, draft-bryan-ftp-hash."""

        def tell() -> None:
            content = self.opened.content(path)
            self.push(f"213-Computing {self._hash} digest\r\n")
            digest = HASHES[self._hash](content)
            self.respond(f"213 {self._hash} 0-{len(content)} {digest} {path}")

        self._do(path, tell)

    def ftp_XSHA256(self, path: str) -> None:
        """Tell the SHA-256 of a file, whose name has no spaces."""

        def tell() -> None:
            digest = HASHES["SHA-256"](self.opened.content(path)).upper()
            self.push("250-Computing SHA256 digest\r\n")
            self.respond(f"250 {digest}")

        if " " in path:
            # mod_digest takes what follows for a part of the file.
            self.respond("501 Invalid number of parameters")
        else:
            self._do(path, tell)

    def ftp_OPTS(self, line: str) -> None:
        """Choose the hash; the rest is pyftpdlib's."""
        name, _, choice = line.partition(" ")
        if not (self.terms.hashes and name.upper() == "HASH"):
            super().ftp_OPTS(line)
        elif not choice:
            self.respond(f"200 {self._hash}")
        elif choice.upper() in HASHES:
            self._hash = choice.upper()
            self.respond(f"200 {self._hash}")
        else:
            self.respond(f"501 {choice}: Unsupported algorithm")

    def ftp_FEAT(self, line: str) -> None:
        """List what there is, and which hash is chosen."""
        offered = ";".join(f"{name}*" if name == self._hash else name for name in HASHES)
        hashing = [f"HASH {offered}"] if self.terms.hashes else []
        self._extra_feats = self.terms.features() + hashing
        super().ftp_FEAT(line)

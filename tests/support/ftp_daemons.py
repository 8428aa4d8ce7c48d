"""ProFTPD (SFTP too), vsftpd and Pure-FTPd on free ports of 127.0.0.1, for a throw-away user."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from backend.ports import Destination

SECRET = "isebench-Einweg-8"
#: Debian lets one of the three be installed at a time; the others are unpacked here by `.ci/run`.
UNPACKED = Path(__file__).parents[2] / ".tox" / "servers"
DAEMONS = ("proftpd", "vsftpd", "pure-ftpd")
#: How each wants TLS: it demands it, or also lets it begin with the first byte. ProFTPD alone
#: speaks SFTP instead, by its mod_sftp.
SECURITY = ("none", "explicit", "implicit", "sftp")


def program(daemon: str) -> Path | None:
    """Give where a server is; None where it is not."""
    for folder in ("/usr/sbin", str(UNPACKED / "usr" / "sbin")):
        if (found := Path(folder) / daemon).exists():
            return found
    return None


def run(*command: str, text: str = "") -> str:
    """Run a command of the machine, which must succeed, and give what it says."""
    done = subprocess.run(command, input=text, text=True, check=True, capture_output=True)
    return done.stdout.strip()


@contextmanager
def throw_away_user(home: Path) -> Iterator[str]:
    """Make a user of this machine with `SECRET` as password, for a while."""
    name = f"isebftp{os.getpid()}"
    run("useradd", "--no-create-home", "--home-dir", str(home), "--shell", "/bin/sh", name)
    try:
        # Hashed as cheaply as there is: each of hundreds of logins computes it.
        run("chpasswd", "--crypt-method", "SHA256", "--sha-rounds", "1000", text=f"{name}:{SECRET}")
        yield name
    finally:
        run("userdel", name)


@dataclass(slots=True)
class Place:
    """
    Where a server of ours runs.

    Attributes:
        folder: what the user has as home: ``in`` his own, ``closed`` not, ``full`` a small disk.
        user: who may log in.
        certificate, key: PEM files, for 127.0.0.1; the key also is the host key of SFTP.
    """

    folder: Path
    user: str
    certificate: Path
    key: Path

    def standing(self, folder: str = "in") -> dict[str, int]:
        """Give name and size of everything in a folder."""
        return {path.name: path.stat().st_size for path in (self.folder / folder).iterdir()}


@contextmanager
def place_for_ftp() -> Iterator[Place]:
    """Make a home, its user and a certificate."""
    # Not pytest's own: nobody but root gets into that.
    folder = Path(tempfile.mkdtemp(prefix="isebench-ftpd-"))
    folder.chmod(0o755)
    try:
        with throw_away_user(folder) as user:
            for name in ("in", "closed"):
                (folder / name).mkdir(mode=0o755)
            shutil.chown(folder / "in", user)
            secrets = folder / "secrets"
            secrets.mkdir(mode=0o700)
            certificate, key = secrets / "certificate.pem", secrets / "key.pem"
            make_certificate(certificate, key)
            yield Place(folder, user, certificate, key)
    finally:
        shutil.rmtree(folder)


def make_certificate(certificate: Path, key: Path, days: int = 30) -> None:
    """Make a self-signed certificate for 127.0.0.1."""
    run(
        *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=127.0.0.1"),
        *("-days", str(days), "-addext", "subjectAltName=IP:127.0.0.1"),
        *("-keyout", str(key), "-out", str(certificate)),
    )


def host_key_line(key: Path) -> str:
    """Give the public half of a key in PEM as one OpenSSH line."""
    return run("ssh-keygen", "-y", "-f", str(key))


def quota_settings(place: Place, limit_bytes: int) -> tuple[str, ...]:
    """Give ProFTPD's settings for a quota of the user's uploads."""
    folder = place.folder / "secrets"
    limit, tally = folder / "limits.tab", folder / "tally.tab"
    for table in (limit, tally):
        table.unlink(missing_ok=True)
    to_limit = ["ftpquota", f"--table-path={limit}", "--type=limit"]
    run(*to_limit, "--create-table")
    run(
        *(*to_limit, "--add-record", f"--name={place.user}", "--quota-type=user"),
        *("--limit-type=hard", "--units=byte", f"--bytes-upload={limit_bytes}"),
        "--files-upload=-1",
    )
    run("ftpquota", f"--table-path={tally}", "--type=tally", "--create-table")
    return (
        "LoadModule mod_quotatab.c",
        "LoadModule mod_quotatab_file.c",
        "QuotaEngine on",
        f"QuotaLimitTable file:{limit}",
        f"QuotaTallyTable file:{tally}",
    )


@contextmanager
def small_disk_at(place: Place, size_bytes: int) -> Iterator[str]:
    """Mount a small disk that the user may fill, and give its folder; needs to be permitted."""
    disk = place.folder / "small"
    disk.mkdir(exist_ok=True)
    run("mount", "-t", "tmpfs", "-o", f"size={size_bytes}", "tmpfs", str(disk))
    shutil.chown(disk, place.user)
    try:
        yield disk.name
    finally:
        # Lazily, as a session of the server may still stand in it.
        run("umount", "--lazy", str(disk))


def free_port() -> int:
    """Give a port of this machine that nobody uses."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
    return port


def listens(port: int) -> bool:
    """Tell whether somebody takes connections at a port of this machine, without making one."""
    lines = Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]
    states = (line.split()[1:4] for line in lines)
    return any(at.endswith(f":{port:04X}") and state == "0A" for at, _, state in states)


@dataclass(slots=True)
class Daemon:
    """
    A server and how it is set.

    Attributes:
        name: one of `DAEMONS`.
        security: one of `SECURITY`.
        extra: further lines of its configuration, or arguments.
    """

    name: str
    security: str = "none"
    extra: Sequence[str] = field(default=())

    @asynccontextmanager
    async def running(self, place: Place) -> AsyncIterator[Destination]:
        """Run it, and give how it is reached."""
        if self.security == "sftp" and self.name != "proftpd":
            raise ValueError(f"{self.name} does not speak SFTP")
        port = free_port()
        command = getattr(self, f"_{self.name.replace('-', '_')}")(place, port)
        server = await asyncio.create_subprocess_exec(
            *command,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            await self._listening(server, port)
            yield self._destination(place, port)
        finally:
            # Asked to end, ProFTPD takes up to half a second, and keeps nothing that is needed.
            with suppress(ProcessLookupError):
                os.killpg(server.pid, signal.SIGKILL)
            await server.wait()

    async def _listening(self, server: asyncio.subprocess.Process, port: int) -> None:
        # Looked at from outside: whoever connects to ProFTPD and hangs up has the next one wait.
        async with asyncio.timeout(10):
            while server.returncode is None:
                if listens(port):
                    return
                await asyncio.sleep(0.01)
        raise RuntimeError(f"{self.name} did not start")

    def _destination(self, place: Place, port: int) -> Destination:
        kinds = {"none": "ftp", "sftp": "sftp"}
        return Destination(
            name=self.name,
            kind=kinds.get(self.security, "ftps"),
            host="127.0.0.1",
            port=port,
            user=place.user,
            secret=SECRET,
            folder="in",
            time_limit_s=20,
            is_implicit=self.security == "implicit",
            authority="" if self.security in kinds else place.certificate.read_text(),
            host_key=host_key_line(place.key) if self.security == "sftp" else "",
        )

    def _proftpd(self, place: Place, port: int) -> list[str]:
        lines = [
            'ServerName "isebench"',
            "ServerType standalone",
            "LoadModule mod_tls.c",
            "LoadModule mod_sftp.c",
            f"Port {port}",
            "DefaultAddress 127.0.0.1",
            "SocketBindTight on",
            "UseIPv6 off",
            "User nobody",
            "Group nogroup",
            "UseReverseDNS off",
            "WtmpLog off",
            "RequireValidShell off",
            "AuthOrder mod_auth_unix.c",
            "DelayEngine off",
            f"DefaultRoot {place.folder}",
            f"PidFile {place.folder}/secrets/proftpd.pid",
            f"ScoreboardFile {place.folder}/secrets/scoreboard",
            f"SystemLog {place.folder}/secrets/log",
            "AllowOverwrite on",
            *self.extra,
        ]
        # One that was ended at once has told nobody that its users are gone.
        (place.folder / "secrets" / "scoreboard").unlink(missing_ok=True)
        if self.security == "sftp":
            lines += [
                "SFTPEngine on",
                f"SFTPHostKey {place.key}",
                f"SFTPAuthorizedUserKeys file:{place.folder}/secrets/known_keys",
            ]
        elif self.security != "none":
            lines += [
                "TLSEngine on",
                "TLSRequired on",
                f"TLSRSACertificateFile {place.certificate}",
                f"TLSRSACertificateKeyFile {place.key}",
            ]
        if self.security == "implicit":
            lines.append("TLSOptions UseImplicitSSL")
        settings = place.folder / "secrets" / "proftpd.conf"
        settings.write_text("\n".join(lines) + "\n")
        return [str(program("proftpd")), "--nodaemon", "--config", str(settings)]

    def _vsftpd(self, place: Place, port: int) -> list[str]:
        secured = self.security != "none"
        empty = place.folder / "secrets" / "empty"
        empty.mkdir(exist_ok=True)
        lines = [
            "background=NO",
            "listen=YES",
            "listen_address=127.0.0.1",
            f"listen_port={port}",
            "local_enable=YES",
            "write_enable=YES",
            "local_umask=022",
            "pam_service_name=other",
            "chroot_local_user=YES",
            f"secure_chroot_dir={empty}",
            "seccomp_sandbox=NO",
            f"ssl_enable={'YES' if secured else 'NO'}",
            *self.extra,
        ]
        if secured:
            lines += [
                f"rsa_cert_file={place.certificate}",
                f"rsa_private_key_file={place.key}",
                "force_local_logins_ssl=YES",
                "force_local_data_ssl=YES",
                "ssl_ciphers=HIGH",
                f"implicit_ssl={'YES' if self.security == 'implicit' else 'NO'}",
            ]
        settings = place.folder / "secrets" / "vsftpd.conf"
        settings.write_text("\n".join(lines) + "\n")
        settings.chmod(0o600)
        return [str(program("vsftpd")), str(settings)]

    def _pure_ftpd(self, place: Place, port: int) -> list[str]:
        if self.security == "implicit":
            raise ValueError("Pure-FTPd has no implicit TLS")
        both = place.folder / "secrets" / "both.pem"
        both.write_text(place.key.read_text() + place.certificate.read_text())
        arguments = ["-S", f"127.0.0.1,{port}", "-A", "-l", "unix", "-E", "-u", "1", "-H"]
        arguments += ["-g", str(place.folder / "secrets" / "pure.pid"), *self.extra]
        if self.security != "none":
            arguments += ["-Y", "3", "-2", str(both)]
        return [str(program("pure-ftpd")), *arguments]

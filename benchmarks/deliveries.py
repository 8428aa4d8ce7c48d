"""
How fast files reach a utility's server, beside the clients that people use by hand.

A real OpenSSH server, and real vsftpd and ProFTPD with TLS, run on free ports of this machine,
their folder in memory: a disk would be the same for both, and slower than either. The peers are
OpenSSH's ``sftp`` with a batch of ``put``, and ``lftp`` with ``mirror -R``, each as it comes, but
that ``lftp`` speaks TLS 1.2 to vsftpd. Ours is the courier of the backend, with as many files on
their way as the settings say where they say nothing, and with every step of the promise: temporary
name, sync, size, rename, look again. The peers have none of these. One file of 200 MB and 2,000 of
20 KB, in turns; the ratio is that of the medians.

For small files over FTPS ``lftp`` runs a second time, with as many lines as ours: what lines can
bring at all on this machine. Beside each speed stands how busy the processors were; where they are
full, no client is faster without taking less of them, itself or at the server.

Not in it: the tables, from which the dispatcher reads each file, and where it keeps its receipt.

Exit code 1 where a ratio is under its target; without the servers or the peers, which need root,
it is told what is not measured.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median

import asyncssh

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from support.ftp_daemons import SECRET, Daemon, Place, free_port, place_for_ftp, program

from backend.adapters.clock import RealClock
from backend.adapters.lines import IDLE
from backend.adapters.roads import Roads
from backend.ports import Destination
from backend.settings import Settings
from simulators.clock import stopwatch

SMALL, SMALL_BYTES, LARGE_BYTES, RUNS = 2_000, 20_000, 200_000_000, 5
#: Ratios to the peer that must be reached: of the large file, and of the small ones. Those of FTPS
#: hold for each of the two servers: a utility has one or the other.
TARGETS = {"sftp": (1.0, 1.4), "ftps": (0.9, 2.0)}
SSHD = Path("/usr/sbin/sshd")
LIMIT_S = 600.0


@dataclass(frozen=True, slots=True)
class Files:
    """What is sent: a folder of small files, and a large one."""

    folder: Path
    large: Path

    def small(self) -> dict[str, bytes]:
        """Give the small files by name."""
        return {path.name: path.read_bytes() for path in sorted(self.folder.iterdir())}


@dataclass(frozen=True, slots=True)
class Peer:
    """
    A client that people use, on its way to a server.

    Attributes:
        road: which way, to which server.
        name: what it is called.
        place: where the server's folders are.
        destination: how the server is reached.
        send: has it send the small files, or the large one.
        send_over: has it send the small files over several lines; None where it cannot.
    """

    road: str
    name: str
    place: Place
    destination: Destination
    send: Callable[[Files, bool], Awaitable[None]]
    send_over: Callable[[Files, int], Awaitable[None]] | None = None


# ---------------------------------------------------------------- ours and theirs


async def ours(destination: Destination, files: dict[str, bytes]) -> None:
    """Deliver as the dispatcher does: the first alone, the others beside each other."""
    roads = Roads(RealClock(), IDLE)
    waiting = iter(files.items())
    await roads.deliver(destination, *next(waiting))

    async def deliver() -> None:
        for name, content in waiting:
            await roads.deliver(destination, name, content)

    await asyncio.gather(*(deliver() for _ in range(destination.at_once)))
    await roads.rest()


async def run(*command: str | Path) -> None:
    """Run a client; it must succeed."""
    done = await asyncio.create_subprocess_exec(*command, stdout=subprocess.DEVNULL)
    assert 0 == await done.wait(), command


@asynccontextmanager
async def openssh(place: Place) -> AsyncIterator[Peer]:
    """Run an OpenSSH server, for its own client and for us."""
    host, user = (asyncssh.generate_private_key("ssh-ed25519") for _ in range(2))
    secrets, port = place.folder / "secrets", free_port()
    for name, key in (("host_key", host), ("user_key", user)):
        (secrets / name).write_bytes(key.export_private_key())
        (secrets / name).chmod(0o600)
    # Read by the server as the user, who does not reach the secrets.
    (place.folder / "known").write_bytes(user.export_public_key())
    line = host.export_public_key().decode()
    (secrets / "hosts").write_text(f"[127.0.0.1]:{port} {line}")
    lines = (
        f"Port {port}",
        "ListenAddress 127.0.0.1",
        "PidFile none",
        "UsePAM no",
        "StrictModes no",
        f"HostKey {secrets}/host_key",
        f"AuthorizedKeysFile {place.folder}/known",
        "Subsystem sftp internal-sftp",
    )
    (secrets / "sshd").write_text("\n".join(lines) + "\n")
    server = await asyncio.create_subprocess_exec(
        SSHD, "-D", "-e", "-f", secrets / "sshd", stderr=subprocess.DEVNULL
    )

    async def send(files: Files, is_large: bool) -> None:
        paths = [files.large] if is_large else sorted(files.folder.iterdir())
        batch = "".join(f"put {path} {place.folder}/in/{path.name}\n" for path in paths)
        (secrets / "batch").write_text(batch)
        known = f"UserKnownHostsFile={secrets}/hosts"
        login = ("-i", secrets / "user_key", "-o", "IdentitiesOnly=yes", "-o", known)
        target = f"{place.user}@127.0.0.1"
        await run(
            "sftp", "-q", "-F", "none", *login, "-P", str(port), "-b", secrets / "batch", target
        )

    try:
        await _listening(port)
        told = Destination(
            *("OpenSSH", "sftp", "127.0.0.1", port, place.user, "", f"{place.folder}/in", line),
            key=user,
        )
        yield Peer("SFTP to OpenSSH", "OpenSSH sftp", place, told, send)
    finally:
        server.terminate()
        await server.wait()


async def _listening(port: int) -> None:
    async with asyncio.timeout(10):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
                continue
            writer.close()
            await writer.wait_closed()
            return


@asynccontextmanager
async def vsftpd(place: Place) -> AsyncIterator[Peer]:
    """Run vsftpd with TLS, for lftp and for us."""
    # lftp closes a line of TLS 1.3 with the server's tickets unread, which resets it: now and then
    # vsftpd then misses the end of a file (426), and lftp begins again a quarter of a minute later.
    version = 'set ssl:priority "NORMAL:-VERS-TLS1.3"; '
    async with _ftps("vsftpd", "FTPS to vsftpd", place, version) as peer:
        yield peer


@asynccontextmanager
async def proftpd(place: Place) -> AsyncIterator[Peer]:
    """Run ProFTPD with TLS, for lftp and for us."""
    async with _ftps("proftpd", "FTPS to ProFTPD", place) as peer:
        yield peer


@asynccontextmanager
async def _ftps(name: str, road: str, place: Place, how: str = "") -> AsyncIterator[Peer]:
    async with Daemon(name, "explicit").running(place) as destination:

        async def lftp(what: str) -> None:
            script = (
                f"set ssl:ca-file {place.certificate}; set ftp:ssl-force yes; "
                f"set ftp:ssl-protect-data yes; set cmd:fail-exit yes; {how}"
                f"open -u {place.user},{SECRET} ftp://127.0.0.1:{destination.port}; {what}; exit"
            )
            await run("lftp", "--norc", "-c", script)

        async def send(files: Files, is_large: bool) -> None:
            if is_large:
                await lftp(f"put -O in {files.large}")
            else:
                await lftp(f"mirror -R --no-perms {files.folder} in")

        async def send_over(files: Files, lines: int) -> None:
            await lftp(f"mirror -R --no-perms -P {lines} {files.folder} in")

        yield Peer(road, "lftp", place, destination, send, send_over)


# ---------------------------------------------------------------- what is measured


def as_set(destination: Destination) -> Destination:
    """Give a destination with as many files at once as the settings have by themselves."""
    kind = destination.kind
    named = {"host_key": destination.host_key} if kind == "sftp" else {}
    told = {"account": "A", "name": "EDM", "kind": kind, "host": "h", "user": "u", "secret": "s"}
    settings = {"account": [{"name": "A"}], "destination": [{**told, **named}]}
    at_once = Settings.from_mapping(settings, {}).destinations[0].destination.at_once
    return replace(destination, at_once=at_once, time_limit_s=LIMIT_S)


@dataclass(slots=True)
class Runs:
    """What the runs of one client took: real seconds, and how busy the processors were."""

    seconds: list[float] = field(default_factory=list)
    busy: list[float] = field(default_factory=list)

    async def add(self, work: Awaitable[None]) -> None:
        """Do something, and take its time."""
        watch, before = stopwatch(), processors_s()
        await work
        self.seconds.append(watch())
        idle_s, all_s = (now - then for now, then in zip(processors_s(), before, strict=True))
        self.busy.append(1 - idle_s / max(all_s, 1e-9))

    def ratio_to(self, other: Runs) -> float:
        """Give how many times as fast these are as the others."""
        return median(other.seconds) / median(self.seconds)

    def share(self) -> str:
        """Give how busy all processors were."""
        return f"{median(self.busy) * 100:.0f} %"


def processors_s() -> tuple[float, float]:
    """Give the seconds that the processors have had nothing to do, and all their seconds."""
    ticks = [int(one) for one in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    return float(ticks[3] + ticks[4]), float(sum(ticks))


async def compare(peer: Peer, files: Files, is_large: bool, runs: int) -> float:
    """Send the large file, or the small ones, in turns; print, and give the ratio."""
    destination, place = as_set(peer.destination), peer.place
    content = {"large": files.large.read_bytes()} if is_large else files.small()
    size_mb = sum(map(len, content.values())) / 1e6
    theirs, over_lines, mine = Runs(), Runs(), Runs()
    for _ in range(runs):
        await theirs.add(peer.send(files, is_large))
        emptied(place, len(content))
        if peer.send_over is not None and not is_large:
            await over_lines.add(peer.send_over(files, destination.at_once))
            emptied(place, len(content))
        await mine.add(ours(destination, content))
        emptied(place, len(content))

    def rate(of: Runs) -> str:
        took_s = median(of.seconds)
        many = f"{len(content) / took_s:,.0f} files/s"
        return f"{size_mb / took_s:.0f} MB/s" if is_large else many

    what = f"{peer.road}, {size_mb:.0f} MB" if is_large else f"{peer.road}, {len(content):,} files"
    pairs = sorted(one / other for one, other in zip(theirs.seconds, mine.seconds, strict=True))
    print(
        f"{what}: {mine.ratio_to(theirs):.2f} times as fast as {peer.name} "
        f"(pair by pair {', '.join(f'{one:.2f}' for one in pairs)}), {rate(mine)} instead of "
        f"{rate(theirs)}, processors {mine.share()} busy instead of {theirs.share()}"
    )
    if over_lines.seconds:
        print(
            f"{what}: {peer.name} over {destination.at_once} lines is "
            f"{over_lines.ratio_to(theirs):.2f} times as fast as over one, {rate(over_lines)}, "
            f"processors {over_lines.share()} busy"
        )
    return mine.ratio_to(theirs)


def emptied(place: Place, count: int) -> None:
    """Take away what has arrived, which must be all, whole and under final names."""
    paths = list((place.folder / "in").iterdir())
    assert count == len(paths), f"{len(paths)} of {count} files arrived"
    assert 1 == len({path.stat().st_size for path in paths})
    assert not any(path.name.startswith(".") for path in paths)
    for path in paths:
        path.unlink()


@contextmanager
def in_memory() -> Iterator[None]:
    """Have temporary folders in memory, where the machine has such a place."""
    before, tempfile.tempdir = tempfile.tempdir, "/dev/shm" if Path("/dev/shm").is_dir() else None
    try:
        yield
    finally:
        tempfile.tempdir = before


def missing() -> str:
    """Say what is not here and keeps from measuring; empty where nothing does."""
    if os.geteuid() != 0 or shutil.which("useradd") is None:
        return "a throw-away user needs root and useradd"
    lacking = [one for one in ("sftp", "lftp", "openssl") if shutil.which(one) is None]
    lacking += [] if SSHD.exists() else [str(SSHD)]
    lacking += [one for one in ("vsftpd", "proftpd") if program(one) is None]
    return f"not installed: {', '.join(lacking)}" if lacking else ""


async def measure(options: argparse.Namespace, place: Place) -> bool:
    """Measure all roads; give whether all targets are reached."""
    folder, large = place.folder / "small", place.folder / "large"
    folder.mkdir()
    for number in range(options.small):
        (folder / f"ISE_{number:05}.csv").write_bytes(os.urandom(SMALL_BYTES))
    large.write_bytes(os.urandom(options.large))
    files, reached = Files(folder, large), True
    for server in (openssh, vsftpd, proftpd):
        async with server(place) as peer:
            for is_large, target in zip((True, False), TARGETS[peer.destination.kind], strict=True):
                ratio = await compare(peer, files, is_large, options.runs)
                if ratio < target:
                    reached = False
                    what = "large" if is_large else "small"
                    print(f"missed: {peer.road}, {what}: {ratio:.2f} instead of {target}")
    return reached


def main() -> int:
    """Measure as asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", type=int, default=SMALL, help="how many small files")
    parser.add_argument("--large", type=int, default=LARGE_BYTES, help="bytes of the large file")
    parser.add_argument("--runs", type=int, default=RUNS, help="runs of each")
    options = parser.parse_args()
    if why := missing():
        print(f"not measured: {why}")
        return 0
    Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # what no init system has made here
    with ExitStack() as stack:
        stack.enter_context(in_memory())
        place = stack.enter_context(place_for_ftp())
        return 0 if asyncio.run(measure(options, place)) else 1


if __name__ == "__main__":
    sys.exit(main())

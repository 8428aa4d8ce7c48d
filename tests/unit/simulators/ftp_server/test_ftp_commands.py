"""Tests of the commands of FTP: what each does, and how it is refused."""

from __future__ import annotations

import ftplib
import hashlib
import io
import json
import socket
from pathlib import Path

import pytest

from simulators.ftp_server.faults import (
    DeniedWriting,
    RefusedLogin,
    RefusedOverwrite,
    RefusedRename,
    SilentQuota,
)
from simulators.ftp_server.ftp_line import LINE_LIMIT_BYTES
from tests.unit.simulators.ftp_server.ftp_bench import (
    BROKEN,
    CONTENT,
    Bench,
    Client,
    let_go,
    serve,
)


def test_lists_are_the_same_in_every_run(tmp_path: Path) -> None:
    """Every kind of list shows names and sizes, one time for all and no owners."""
    lines: list[str] = []

    def talk(bench: Bench) -> None:
        bench.put("in/a b.csv", b"12345")
        bench.put("in/ö.csv", b"")
        with bench.client() as client:
            client.dir("in", lines.append)
            lines.append(client.sendcmd("MLST in/ö.csv"))
            lines.append(client.sendcmd("STAT in/a b.csv"))
            lines.append(client.sendcmd("MDTM in/ö.csv"))
            assert ["a b.csv"] == client.nlst("in/a b.csv")
            facts = dict(client.mlsd("in", ["type", "size"]))
            assert {"type": "file", "size": "5"} == facts["a b.csv"]
            assert [("in", "dir")] == [(name, one["type"]) for name, one in client.mlsd()]
            client.sendcmd("STAT in")
            assert "Logged in as: ise" in client.sendcmd("STAT")

    serve(tmp_path, talk)

    assert [
        "-rw-r--r--   1 ftp ftp            5 Jan 01  2025 a b.csv",
        "-rw-r--r--   1 ftp ftp            0 Jan 01  2025 ö.csv",
        "250-Start of list\n type=file;size=0;modify=20250101000000;perm=rwadf; /in/ö.csv\n"
        "250 End of list",
        "213-Status of /in/a b.csv:\n-rw-r--r--   1 ftp ftp            5 Jan 01  2025 a b.csv\n"
        "213 End of status",
        "213 20250101000000",
    ] == lines


def test_folders_and_removal(tmp_path: Path) -> None:
    """Folders are made, entered, left and removed; quotes in names are doubled."""

    def talk(bench: Bench) -> None:
        with bench.client() as client:
            assert '/say "ö"' == client.mkd('say "ö"')
            client.cwd('say "ö"')
            assert '/say "ö"' == client.pwd()
            client.storbinary("STOR a", io.BytesIO(b"1"))
            client.delete("a")
            client.cwd("..")
            client.sendcmd('RMD say "ö"')

    bench = serve(tmp_path, talk)

    assert ["in"] == [place.name for place in (tmp_path / "home").iterdir()]
    assert ["ok", "ok"] == bench.answers("change-folder")


def test_nobody_leaves_the_home(tmp_path: Path) -> None:
    """``..`` ends at the home, and a link is refused, wherever it leads."""

    def talk(bench: Bench) -> None:
        (bench.root / "secret").write_bytes(b"1")
        (bench.root / "home" / "link").symlink_to(bench.root)
        with bench.client() as client:
            client.cwd("../../..")
            assert "/" == client.pwd()
            for command in ("SIZE ../secret", "SIZE link/secret", "CWD link", "DELE link"):
                client.voidcmd("TYPE I")
                with pytest.raises(ftplib.error_perm, match="550"):
                    client.sendcmd(command)
            with pytest.raises(ftplib.error_perm, match="550"):
                client.storbinary("STOR link/secret", io.BytesIO(b"2"))

    serve(tmp_path, talk)

    assert b"1" == (tmp_path / "secret").read_bytes()


def test_awkward_names(tmp_path: Path) -> None:
    """Spaces, quotes and letters beyond ASCII are kept; what cannot be a name is refused."""
    names = ["a b", 'a"b', "a'b", "ä€", " a", "a;b*?"]

    def talk(bench: Bench) -> None:
        with bench.client() as client:
            for name in names:
                client.storbinary(f"STOR {name}", io.BytesIO(name.encode()))
            assert sorted([*names, "in"]) == client.nlst()
            raw = client.sock
            assert raw is not None
            for line, reply in (
                (b"DELE a\rb\r\n", "553 File name not allowed"),
                (b"DELE a\nb\r\n", "553 File name not allowed"),
                (b"DELE " + b"a" * 5000 + b"\r\n", "553 File name too long"),
                (b"DELE \xff\r\n", "501 The command is not UTF-8."),
                (b"x" * (LINE_LIMIT_BYTES + 1) + b"\r\n", "500 Command too long."),
                (b"\xff\xf4\xffABOR\r\n", "225 No transfer to abort."),
                (b"PASS " + b"geheim\r\n", "503 Login with USER first."),
            ):
                raw.sendall(line)
                assert client.getline().startswith(reply)

    bench = serve(tmp_path, talk)

    assert "geheim" not in json.dumps([one.text for one in bench.tap.crossings])


def test_text_is_changed_as_ftp_has_it(tmp_path: Path) -> None:
    """A client that forgets TYPE I has its line ends changed, and no size is told."""

    def talk(bench: Bench) -> None:
        with bench.client() as client:
            client.storlines("STOR a.csv", io.BytesIO(b"1\r\n2\r\n"))
            with client.transfercmd("STOR b.csv") as way:
                way.sendall(b"1\r")
            client.voidresp()
            with pytest.raises(ftplib.error_perm, match="550 SIZE not allowed in ASCII mode"):
                client.sendcmd("SIZE a.csv")
            back: list[str] = []
            client.retrlines("RETR a.csv", back.append)
            assert ["1", "2"] == back

    bench = serve(tmp_path, talk)

    assert (b"1\n2\n", b"1\r") == (bench.at("a.csv"), bench.at("b.csv"))


def test_restarting_and_appending(tmp_path: Path) -> None:
    """An upload goes on where REST says, a download too, and APPE goes behind the end."""

    def talk(bench: Bench) -> None:
        with bench.client() as client:
            client.storbinary("STOR a", io.BytesIO(b"12345"))
            client.storbinary("STOR a", io.BytesIO(b"xyz"), rest=4)
            client.storbinary("APPE a", io.BytesIO(b"!"))
            back = io.BytesIO()
            client.retrbinary("RETR a", back.write, rest=3)
            assert b"4xyz!" == back.getvalue()
            with pytest.raises(ftplib.error_perm, match="554 Restart at 99"):
                client.storbinary("STOR a", io.BytesIO(b"?"), rest=99)

    bench = serve(tmp_path, talk)

    assert b"1234xyz!" == bench.at("a")


def test_hashes_are_those_of_proftpd(tmp_path: Path) -> None:
    """HASH tells the hash that was chosen, XSHA256 its own; names with spaces are refused there."""
    told: list[str] = []

    def talk(bench: Bench) -> None:
        bench.put("in/a.csv", CONTENT)
        with bench.client() as client:
            commands = "FEAT,HASH in/a.csv,OPTS HASH,OPTS HASH sha-256,HASH in/a.csv"
            told.extend(client.sendcmd(command) for command in commands.split(","))
            told.append(client.sendcmd("XSHA256 in/a.csv"))
            for command, reply in (
                ("OPTS HASH SHA-3", "501 SHA-3: Unsupported algorithm"),
                ("XSHA256 a b", "501 Invalid number of parameters"),
                ("HASH in/b.csv", "550 /in/b.csv: No such file"),
                ("HASH in", "550 /in: Is a directory"),
            ):
                with pytest.raises(ftplib.error_perm, match=reply):
                    client.sendcmd(command)
            for algorithm in ("CRC32", "MD5", "SHA-512"):
                client.sendcmd(f"OPTS HASH {algorithm}")
                assert f"213 {algorithm} 0-" in client.sendcmd("HASH in/a.csv")
            client.sendcmd("OPTS UTF8 ON")

    bench = serve(tmp_path, talk, hashes=True)

    sha1, sha256 = hashlib.sha1(CONTENT).hexdigest(), hashlib.sha256(CONTENT).hexdigest()
    assert " HASH CRC32;MD5;SHA-1*;SHA-256;SHA-512\n" in told[0]
    assert " XSHA256\n" in told[0]
    assert [
        f"213-Computing SHA-1 digest\n213 SHA-1 0-{len(CONTENT)} {sha1} /in/a.csv",
        "200 SHA-1",
        "200 SHA-256",
        f"213-Computing SHA-256 digest\n213 SHA-256 0-{len(CONTENT)} {sha256} /in/a.csv",
        f"250-Computing SHA256 digest\n250 {sha256.upper()}",
    ] == told[1:]
    assert sha256 == next(e.sha256 for e in bench.server.drop.events if e.action == "hash")


def test_passive_ways(tmp_path: Path) -> None:
    """EPSV can be off, and PASV may tell the address outside a translation."""

    def talk(bench: Bench) -> None:
        with bench.client() as client:
            with pytest.raises(ftplib.error_perm, match='500 Command "EPSV" not understood'):
                client.sendcmd("EPSV")
            assert client.sendcmd("PASV").startswith("227 Entering passive mode (203,0,113,7,")
            assert " EPSV\n" not in client.sendcmd("FEAT")
            # ftplib takes the peer's own address.
            client.storbinary("STOR a", io.BytesIO(b"1"))

    bench = serve(tmp_path, talk, extended_passive=False, masquerade_address="203.0.113.7")

    assert ("passive", "EPSV", '500 Command "EPSV" not understood.') in bench.did()


def test_active_ways(tmp_path: Path) -> None:
    """PORT and EPRT work, and a port on which nobody listens is told."""

    def talk(bench: Bench) -> None:
        with bench.client() as client:
            client.set_pasv(False)
            client.storbinary("STOR a", io.BytesIO(CONTENT))
            with socket.create_server(("127.0.0.1", 0)) as server:
                client.sendcmd(f"EPRT |1|127.0.0.1|{server.getsockname()[1]}|")
                client.sendcmd("TYPE I")
                client.voidcmd("NOOP")
            with socket.socket() as deaf:
                deaf.bind(("127.0.0.1", 0))
                with pytest.raises(ftplib.error_temp, match="425 Can't connect"):
                    client.sendport("127.0.0.1", deaf.getsockname()[1])
            with pytest.raises(ftplib.error_perm, match="501 Rejected"):
                client.sendport("192.0.2.1", 4000)

    bench = serve(tmp_path, talk)

    assert CONTENT == bench.at("a")
    assert ["ok", "ok", "425 Can't connect to specified address.", "501"] == [
        answer if len(answer) < 60 and not answer.startswith("501") else answer[:3]
        for answer in bench.answers("active")
    ]


def test_unknown_and_misplaced_commands(tmp_path: Path) -> None:
    """What is not there, not allowed or out of order is refused in its words, and recorded."""
    refusals = (
        ("SITE CHMOD 600 a", "500"),
        ("STOU", "500"),
        ("REIN", "500"),
        ("AUTH TLS", "500"),
        ("RNTO b", "503 Bad sequence"),
        ("RNFR nothing", "550 /nothing: No such file"),
        ("USER other", "501 Reauthentication"),
        ("CWD a", "550 /a: Not a directory"),
        ("MLST nothing", "550"),
        ("STAT nothing", "550"),
        ("SIZE in", "550 /in: not a regular file"),
        ("MKD in", "550 /in: File exists"),
        ("RMD /", "550 /: Permission denied"),
        ("STOR a", "425 Use PORT or PASV first"),
        ("RETR a", "425 Use PORT or PASV first"),
        ("LIST", "425 Use PORT or PASV first"),
        ("APPE a", "425 Use PORT or PASV first"),
        ("NOOP x", "501"),
    )

    def talk(bench: Bench) -> None:
        bench.put("a", b"1")
        with bench.client() as client:
            client.voidcmd("TYPE I")
            for command, reply in refusals:
                with pytest.raises(ftplib.Error, match=reply):
                    client.sendcmd(command)
            for command in ("SYST", "HELP", "STRU F", "MODE S", "ALLO 5", "MFMT 20250603120000 a"):
                client.sendcmd(command)
            for path in ("nowhere/a", "in"):
                with pytest.raises(ftplib.error_perm, match="550"):
                    client.storbinary(f"STOR {path}", io.BytesIO(b"1"))
            with pytest.raises(ftplib.error_perm, match="550"):
                client.nlst("nowhere")

    bench = serve(tmp_path, talk)

    assert 4 == len(bench.answers("unknown")) + len(bench.answers("secure"))
    assert ("unknown", "SITE", '500 Command "SITE CHMOD" not understood.') in bench.did()
    assert ("rename-from", "/nothing", "no such file or directory") in bench.did()
    assert ("open", "/nowhere/a", "no such file or directory") in bench.did()
    assert ("set-time", "/a", "ok") in bench.did()


def test_before_the_login_nothing_is_done(tmp_path: Path) -> None:
    """Without a login only what leads to one is done."""

    def talk(bench: Bench) -> None:
        with bench.client(log_in=False) as client:
            with pytest.raises(ftplib.error_perm, match="530 Log in with USER and PASS first"):
                client.sendcmd("DELE a")
            with pytest.raises(ftplib.error_perm, match="503 Login with USER first"):
                client.sendcmd("PASS geheim")
            client.sendcmd("FEAT")

    bench = serve(tmp_path, talk)

    assert ("remove", "a", "530 Log in with USER and PASS first.") in bench.did()


def test_a_wrong_password(tmp_path: Path, security: str) -> None:
    """It is refused without a delay, and the third closes the line."""

    def talk(bench: Bench) -> None:
        client = bench.client(log_in=False)
        if isinstance(client, Client) and security in ("explicit", "optional"):
            client.auth()
        for _ in range(3):
            client.sendcmd("USER ise")
            with pytest.raises(ftplib.error_perm, match="530 Login incorrect"):
                client.sendcmd("PASS wrong")
        with pytest.raises(BROKEN):
            client.sendcmd("NOOP")
        let_go(client)

    bench = serve(tmp_path, talk, security=security)

    assert ["login refused"] * 3 == bench.answers("login")


def test_a_refused_login(tmp_path: Path) -> None:
    """Logins are refused while the fault is on."""

    def talk(bench: Bench) -> None:
        client = bench.client(log_in=False)
        with pytest.raises(ftplib.error_perm, match="530 Login incorrect"):
            client.login("ise", "geheim")
        bench.end(RefusedLogin)
        client.login("ise", "geheim")
        client.quit()

    serve(tmp_path, talk, RefusedLogin())


def test_denied_writing_and_renaming(tmp_path: Path) -> None:
    """Both are refused with the reason, or a rename with none."""

    def talk(bench: Bench) -> None:
        with bench.client() as client:
            client.storbinary("STOR a", io.BytesIO(b"1"))
            bench.switch(RefusedRename())
            with pytest.raises(ftplib.error_perm, match="550 /b: Permission denied"):
                client.rename("a", "b")
            bench.switch(RefusedRename(with_reason=False))
            with pytest.raises(ftplib.error_perm, match="550 /b: Input/output error"):
                client.rename("a", "b")
            bench.switch(DeniedWriting("/in"))
            for command in ("DELE in/a", "MKD in/b", "RMD in"):
                with pytest.raises(ftplib.error_perm, match=r"550 .*: Permission denied"):
                    client.sendcmd(command)
            with pytest.raises(ftplib.error_perm, match="550 /in/a: Permission denied"):
                client.storbinary("STOR in/a", io.BytesIO(b"1"))

    serve(tmp_path, talk)


def test_what_is_there_is_replaced_unless_refused(tmp_path: Path) -> None:
    """Uploads and renames replace; with the fault neither does, and the file stays as it was."""

    def talk(bench: Bench) -> None:
        with bench.client() as client:
            for content in (b"11", b"1"):
                client.storbinary("STOR a", io.BytesIO(content))
            client.storbinary("STOR b", io.BytesIO(b"2"))
            client.rename("b", "a")
            assert b"2" == bench.at("a")
            bench.switch(RefusedOverwrite())
            client.storbinary("STOR b", io.BytesIO(b"3"))
            for command in ("STOR a", "APPE a"):
                with pytest.raises(ftplib.error_perm, match="550 /a: Overwrite permission denied"):
                    client.storbinary(command, io.BytesIO(b"4"))
            with pytest.raises(ftplib.error_perm, match="550 /a: Overwrite permission denied"):
                client.rename("b", "a")
            client.rename("b", "c")

    bench = serve(tmp_path, talk)

    assert (b"2", b"3") == (bench.at("a"), bench.at("c"))


def test_a_silent_quota(tmp_path: Path) -> None:
    """A file above it is taken with a good answer, and is gone."""

    def talk(bench: Bench) -> None:
        with bench.client() as client:
            assert client.storbinary("STOR a", io.BytesIO(CONTENT)).startswith("226")

    bench = serve(tmp_path, talk, SilentQuota(10))

    assert bench.at("a") is None
    assert ["ok, and removed for the quota"] == bench.answers("close")


def test_the_users_own_quota(tmp_path: Path) -> None:
    """A user's quota is refused as one that is switched on."""

    def talk(bench: Bench) -> None:
        with (
            bench.client() as client,
            pytest.raises(ftplib.error_perm, match="552 /a: Exceeded storage allocation"),
        ):
            client.storbinary("STOR a", io.BytesIO(CONTENT))

    assert 1000 == len(serve(tmp_path, talk, quota_bytes=1000).at("a") or b"")


def test_an_upload_that_is_given_up(tmp_path: Path) -> None:
    """ABOR ends what is on its way, and tells when nothing is."""

    def talk(bench: Bench) -> None:
        with bench.client() as client:
            way = client.transfercmd("STOR a")
            way.sendall(b"12345")
            assert client.abort().startswith("426")
            assert client.getresp().startswith("226")
            way.close()
            client.sendcmd("PASV")
            client.putcmd("STOR b")
            assert client.getresp().startswith("150")
            client.putcmd("ABOR")
            with pytest.raises(ftplib.error_temp, match="426"):
                client.getresp()
            assert client.getresp().startswith("226")
            assert client.sendcmd("ABOR").startswith("225")

    bench = serve(tmp_path, talk)

    assert ["transfer aborted", "no data connection"] == bench.answers("close")


def test_one_transfer_at_a_time(tmp_path: Path) -> None:
    """A second transfer on a line that has one is refused, and a new way ends the first."""

    def talk(bench: Bench) -> None:
        with bench.client() as client:
            way = client.transfercmd("STOR a")
            with pytest.raises(ftplib.error_temp, match="450 Another transfer is in progress"):
                client.sendcmd("STOR b")
            client.sendcmd("PASV")
            way.close()
            client.sendcmd("PASV")

    bench = serve(tmp_path, talk)

    assert ["transfer aborted"] == bench.answers("close")

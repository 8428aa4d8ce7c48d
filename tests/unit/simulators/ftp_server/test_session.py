"""Tests of what a logged-in client can do: files, confinement, full disks, refusals."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
from collections.abc import Callable

import pytest

from simulators.ftp_server.faults import (
    DeniedWriting,
    FullDisk,
    Quota,
    RefusedOverwrite,
    RefusedRename,
    SilentQuota,
)
from simulators.ftp_server.session import OpenMode, Session
from tests.unit.simulators.ftp_server.conftest import UPLOAD, MakePlace, Place

READ = OpenMode(read=True)


def refusal(do: Callable[[], object]) -> int | None:
    """Give the errno that a verb refuses with."""
    with pytest.raises(OSError) as caught:  # noqa: PT011 - the number is what is asked for
        do()
    return caught.value.errno


class TestFiles:
    """The verbs do what their names say."""

    def test_what_was_written_reads_back(self, place: Place) -> None:
        """Bytes come back as they were written, and none after the end."""
        place.upload("in/a.csv", b"12345")
        file = place.session.open("in/a.csv", READ)

        assert [b"234", b"", b"5"] == [
            place.session.read(file, 1, 3),
            place.session.read(file, 5, 3),
            place.session.read(file, 4, 9),
        ]
        place.session.close(file)

    def test_appending(self, place: Place) -> None:
        """A file opened for appending grows at its end, whatever offset is named."""
        place.upload("in/a.csv", b"123")
        file = place.session.open("in/a.csv", OpenMode(write=True, append=True))
        place.session.write(file, 0, b"45")
        place.session.close(file)

        assert b"12345" == (place.drop.root / "ise/in/a.csv").read_bytes()

    def test_folders(self, place: Place) -> None:
        """Folders are made, listed in order, and removed when empty; the home stays."""
        place.session.make_folder("b")
        place.session.make_folder("a")
        assert ["a", "b", "in"] == [name for name, _ in place.session.list("/")]

        place.session.remove_folder("a")
        assert errno.ENOENT == refusal(lambda: place.session.remove_folder("a"))
        assert errno.EACCES == refusal(lambda: place.session.remove_folder("/"))

    def test_rename_never_overwrites_unless_asked(self, place: Place) -> None:
        """A name that is taken is refused; with replace it is taken over."""
        place.upload("in/a", b"1")
        place.upload("in/b", b"22")

        assert errno.EEXIST == refusal(lambda: place.session.rename("in/a", "in/b"))
        place.session.rename("in/a", "in/b", replace=True)
        assert {"b": 1} == place.drop.visible_at(place.clock.now(), "ise/in")

    def test_folders_are_not_renamed(self, place: Place) -> None:
        """Only files get new names here."""
        assert errno.EPERM == refusal(lambda: place.session.rename("in", "out"))

    def test_a_file_renamed_while_open_is_followed(self, place: Place) -> None:
        """What is written after a rename is recorded under the new name."""
        file = place.session.open("in/a", UPLOAD)
        place.session.rename("in/a", "in/b")
        place.session.write(file, 0, b"123")
        place.session.close(file)

        assert {"b": 3} == place.drop.visible_at(place.clock.now(), "ise/in")

    def test_a_file_removed_while_open_is_gone(self, place: Place) -> None:
        """What is written after a removal stands nowhere."""
        file = place.session.open("in/a", UPLOAD)
        place.session.remove("in/a")
        place.session.write(file, 0, b"123")
        place.session.close(file)

        assert {} == place.drop.visible_at(place.clock.now())

    @pytest.mark.parametrize(
        ("do", "number"),
        [
            pytest.param(lambda at: at.open("in/none", READ), errno.ENOENT, id="open"),
            pytest.param(lambda at: at.open("none/a", UPLOAD), errno.ENOENT, id="no folder"),
            pytest.param(lambda at: at.open("in", UPLOAD), errno.EISDIR, id="a folder"),
            pytest.param(lambda at: at.stat("in/none"), errno.ENOENT, id="stat"),
            pytest.param(lambda at: at.remove("in/none"), errno.ENOENT, id="remove"),
            pytest.param(lambda at: at.rename("in/none", "in/b"), errno.ENOENT, id="rename"),
            pytest.param(lambda at: at.list("none"), errno.ENOENT, id="list"),
            pytest.param(lambda at: at.make_folder("in"), errno.EEXIST, id="make folder"),
        ],
    )
    def test_refusals_are_truthful(
        self, place: Place, do: Callable[[Session], object], number: int
    ) -> None:
        """What cannot be done is refused with the errno that says why, and recorded."""
        assert number == refusal(lambda: do(place.session))
        assert os.strerror(number).lower() == place.drop.events[-1].answer

    def test_exclusive(self, place: Place) -> None:
        """An exclusive open refuses what exists."""
        place.upload("in/a", b"1")
        exclusive = OpenMode(write=True, create=True, exclusive=True)

        assert errno.EEXIST == refusal(lambda: place.session.open("in/a", exclusive))

    def test_a_lost_line_closes_files_and_keeps_what_is_there(self, place: Place) -> None:
        """After a lost line the partial file stays, and its descriptor is closed."""
        file = place.session.open("in/a", UPLOAD)
        place.session.write(file, 0, b"12")
        place.session.line_lost()

        assert ("close", "/in/a", "line lost") == place.did()[-1]
        assert {"a": 2} == place.drop.visible_at(place.clock.now(), "ise/in")
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(file.descriptor)


class TestConfinement:
    """Nobody leaves the home."""

    @pytest.mark.parametrize(
        "path", ["../secret", "/../secret", "in/../../secret", "//../secret", "./.././secret"]
    )
    def test_ways_up_end_at_the_home(self, place: Place, path: str) -> None:
        """A path with ``..`` never reaches above the home."""
        (place.drop.root / "secret").write_bytes(b"not yours")
        place.upload("secret", b"mine")
        file = place.session.open(path, READ)

        assert b"mine" == place.session.read(file, 0, 100)
        assert "/secret" == place.session.resolve(path)
        place.session.close(file)

    def test_links_are_not_followed(self, place: Place) -> None:
        """A symbolic link, to a file or a folder, wherever it came from, is refused."""
        (place.drop.root / "secret").write_bytes(b"not yours")
        (place.drop.root / "ise/link").symlink_to("../secret")
        (place.drop.root / "ise/folder").symlink_to(place.drop.root)

        assert errno.EACCES == refusal(lambda: place.session.stat("link"))
        assert errno.EACCES == refusal(lambda: place.session.stat("folder/secret"))
        assert errno.EACCES == refusal(lambda: place.session.open("link", UPLOAD))
        assert errno.EACCES == refusal(lambda: place.session.list("folder"))
        assert b"not yours" == (place.drop.root / "secret").read_bytes()

    @pytest.mark.parametrize("path", ["in/a\x00b", "in/a\nb", "in/\x7f"])
    def test_control_characters_are_refused(self, place: Place, path: str) -> None:
        """No name holds a control character."""
        assert errno.EINVAL == refusal(lambda: place.session.open(path, UPLOAD))

    def test_endless_paths_are_refused(self, place: Place) -> None:
        """A path has a longest length, and the record does not grow beyond it."""
        assert errno.ENAMETOOLONG == refusal(lambda: place.session.stat("a" * 5000))
        assert 4096 == len(place.drop.events[-1].path)


class TestRoom:
    """Full disks and quotas."""

    def test_a_full_disk_takes_what_fits_and_says_so(self, place: Place) -> None:
        """The bytes that fit stand there, the write is refused with ENOSPC."""
        asyncio.run(place.faults.switch_on(FullDisk(free_bytes=4)))

        assert errno.ENOSPC == refusal(lambda: place.upload("in/a", b"123", b"456"))
        assert {"a": 4} == place.drop.visible_at(place.clock.now(), "ise/in")
        assert 0 == place.session.free_bytes()

    def test_room_comes_back(self, place: Place) -> None:
        """Removing makes room, and without the fault there is no limit."""
        asyncio.run(place.faults.switch_on(FullDisk(free_bytes=3)))
        place.upload("in/a", b"123")
        place.session.remove("in/a")
        place.upload("in/b", b"123")
        asyncio.run(place.faults.switch_off(FullDisk))
        place.upload("in/c", b"123456")

        assert place.session.free_bytes() is None
        assert {"b": 3, "c": 6} == place.drop.visible_at(place.clock.now(), "ise/in")

    def test_writing_over_needs_no_room(self, place: Place) -> None:
        """On a full disk the bytes that are there can be changed."""
        place.upload("in/a", b"123")
        asyncio.run(place.faults.switch_on(FullDisk()))
        file = place.session.open("in/a", OpenMode(write=True))
        place.session.write(file, 0, b"abc")
        place.session.close(file)

        assert b"abc" == (place.drop.root / "ise/in/a").read_bytes()

    def test_a_quota_is_told(self, make_place: MakePlace) -> None:
        """A user's quota ends with EDQUOT."""
        place = make_place(quota_bytes=5)
        place.upload("in/a", b"123")

        assert errno.EDQUOT == refusal(lambda: place.upload("in/b", b"456"))
        assert {"a": 3, "b": 2} == place.drop.visible_at(place.clock.now(), "ise/in")

    def test_a_silent_quota_says_ok_and_removes(self, place: Place) -> None:
        """Above a silent quota every step is answered OK and the file is gone."""
        asyncio.run(place.faults.switch_on(SilentQuota(limit_bytes=2)))
        place.upload("in/a", b"12")
        place.upload("in/b", b"123")

        assert {"a": 2} == place.drop.visible_at(place.clock.now(), "ise/in")
        assert "ok, and removed for the quota" == place.drop.events[-1].answer

    @pytest.mark.parametrize("block_bytes", [1, 3, 1000])
    def test_a_short_write_of_the_machine_is_mended(
        self, place: Place, monkeypatch: pytest.MonkeyPatch, block_bytes: int
    ) -> None:
        """When the machine writes short, the rest is written, too."""
        really = os.pwrite

        def short(descriptor: int, data: bytes, offset: int) -> int:
            return really(descriptor, data[:block_bytes], offset)

        monkeypatch.setattr(os, "pwrite", short)
        place.upload("in/a", b"0123456789")

        assert b"0123456789" == (place.drop.root / "ise/in/a").read_bytes()

    def test_a_machine_without_room_is_told(
        self, place: Place, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """When the machine's own disk fills up, the client hears of it."""
        really, room = os.pwrite, [4]

        def filling(descriptor: int, data: bytes, offset: int) -> int:
            if not room[0]:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            written = really(descriptor, data[: room[0]], offset)
            room[0] -= written
            return written

        monkeypatch.setattr(os, "pwrite", filling)

        assert errno.ENOSPC == refusal(lambda: place.upload("in/a", b"0123456789"))
        assert {"a": 4} == place.drop.visible_at(place.clock.now(), "ise/in")


class TestRefusals:
    """Faults of the server's own doing."""

    def test_denied_writing(self, place: Place) -> None:
        """Nothing below the folder is written, renamed or removed; reading goes on."""
        place.upload("in/a", b"1")
        asyncio.run(place.faults.switch_on(DeniedWriting("/in")))
        session = place.session

        for do in (
            lambda: session.open("in/b", UPLOAD),
            lambda: session.rename("in/a", "b"),
            lambda: session.remove("in/a"),
            lambda: session.make_folder("in/c"),
        ):
            assert errno.EACCES == refusal(do)
        session.close(session.open("in/a", READ))
        place.upload("elsewhere", b"1")

    @pytest.mark.parametrize(("with_reason", "number"), [(True, errno.EACCES), (False, errno.EIO)])
    def test_refused_rename(self, place: Place, with_reason: bool, number: int) -> None:
        """A rename is refused with a reason or without one, and the file keeps its name."""
        place.upload("in/a", b"1")
        asyncio.run(place.faults.switch_on(RefusedRename(with_reason)))

        assert number == refusal(lambda: place.session.rename("in/a", "in/b"))
        assert {"a": 1} == place.drop.visible_at(place.clock.now(), "ise/in")

    def test_the_narrower_limit_is_told(self, make_place: MakePlace) -> None:
        """Of a full disk, a quota of the user and one that is switched on, the first one counts."""
        place = make_place(quota_bytes=30)
        asyncio.run(place.faults.switch_on(Quota(20)))
        assert 20 == place.session.free_bytes()
        asyncio.run(place.faults.switch_on(FullDisk(10)))
        assert 10 == place.session.free_bytes()

        assert errno.ENOSPC == refusal(lambda: place.upload("in/a", bytes(11)))
        asyncio.run(place.faults.switch_off(FullDisk))
        assert errno.EDQUOT == refusal(lambda: place.upload("in/b", bytes(11)))
        asyncio.run(place.faults.switch_off(Quota))
        assert errno.EDQUOT == refusal(lambda: place.upload("in/c", bytes(11)))
        sizes = place.drop.visible_at(place.clock.now(), "ise/in")
        assert {"a": 10, "b": 10, "c": 10} == sizes

    def test_refused_overwriting(self, place: Place) -> None:
        """Neither an upload nor a rename replaces a file; new names are taken."""
        place.upload("in/a", b"1")
        place.upload("in/b", b"2")
        asyncio.run(place.faults.switch_on(RefusedOverwrite()))

        assert errno.EACCES == refusal(lambda: place.upload("in/a", b"3"))
        assert errno.EACCES == refusal(lambda: place.session.rename("in/b", "in/a", replace=True))
        place.session.rename("in/b", "in/c", replace=True)
        assert b"1" == (place.drop.root / "ise/in/a").read_bytes()
        assert ("open", "/in/a", "overwrite permission denied") in place.did()


class TestVerbsOfFtp:
    """What FTP needs besides."""

    def test_folders_are_entered(self, place: Place) -> None:
        """A folder is told in its canonical form; a file is none, and each try is an event."""
        place.upload("a", b"1")

        assert "/in" == place.session.enter("./in/../in")
        assert errno.ENOTDIR == refusal(lambda: place.session.enter("a"))
        assert [("change-folder", "/in", "ok"), ("change-folder", "/a", "not a directory")] == (
            place.did()[-2:]
        )

    def test_folders_are_known_without_an_event(self, place: Place) -> None:
        """Whether something is a folder is told, also of what cannot be a path."""
        before = len(place.did())

        assert place.session.is_folder("in")
        assert not place.session.is_folder("a\0b")
        assert before == len(place.did())

    def test_content_is_hashed(self, place: Place) -> None:
        """All of a file is given, and its hash recorded."""
        place.upload("a", b"123")

        assert b"123" == place.session.content("a")
        assert hashlib.sha256(b"123").hexdigest() == place.drop.events[-1].sha256
        assert errno.EISDIR == refusal(lambda: place.session.content("in"))

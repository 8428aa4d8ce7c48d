"""The order of steps of a delivery, on a server of our own making that remembers each of them."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace

import pytest

from backend.adapters.upload import Probe, Upload
from backend.errors import (
    DeliveryError,
    Denied,
    Incomplete,
    LineBroken,
    NameTaken,
    RenameRefused,
)
from backend.ports import Arrival, Destination

NAME, PART = "day.csv", ".day.csv.part"
CONTENT = b"Messpunkt;OBIS\r\n" * 9
TO = Destination("Drop", "ftp", "ftp.example", 21, "ise", "geheim", "in")
DIRECT = replace(TO, is_direct=True)


@dataclass
class Shelf:
    """
    A server: its files, what was asked of it, and what it does otherwise than it should.

    Attributes:
        odd: by step, what is done in its place; None in its place means that it is done.
        hashes: whether it tells hashes.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    odd: dict[str, Callable[[Shelf], object]] = field(default_factory=dict)
    hashes: bool = False

    def _ask(self, step: str, *names: str) -> bool:
        """Note a step, and tell whether something else was done in its place."""
        self.asked.append(" ".join((step, *names)))
        if step in self.odd:
            self.odd[step](self)
            return True
        return False

    async def enter(self) -> None:
        """Go to the folder."""
        self._ask("enter")

    async def size_of(self, name: str) -> int | None:
        """Tell a size."""
        self._ask("size", name)
        return len(self.files[name]) if name in self.files else None

    async def write(self, name: str, content: bytes) -> None:
        """Keep a file."""
        if not self._ask("write", name):
            self.files[name] = content

    async def sha256_of(self, name: str) -> str | None:
        """Tell a hash, if it does."""
        self._ask("hash", name)
        return hashlib.sha256(self.files[name]).hexdigest() if self.hashes else None

    async def rename(self, name: str, to: str) -> None:
        """Rename a file."""
        if not self._ask("rename", name, to):
            self.files[to] = self.files.pop(name)

    async def remove(self, name: str) -> None:
        """Forget a file."""
        if not self._ask("remove", name):
            self.files.pop(name, None)

    async def holds(self, name: str, content: bytes) -> bool:
        """Compare the begin of a file."""
        self._ask("read", name)
        return self.files[name].startswith(content)

    async def names(self) -> Collection[str]:
        """List all files."""
        self._ask("list")
        return list(self.files)


def raising(error: DeliveryError) -> Callable[[Shelf], object]:
    """Give what raises an error."""

    def do(shelf: Shelf) -> object:
        raise error

    return do


def deliver(shelf: Shelf, to: Destination = TO) -> Arrival:
    """Deliver to a shelf."""
    return asyncio.run(Upload(shelf, to, NAME, CONTENT).run())


def refused(shelf: Shelf, kind: type[DeliveryError], to: Destination = TO) -> str:
    """Try to deliver, and give what it was refused with."""
    with pytest.raises(kind) as caught:
        deliver(shelf, to)
    assert type(caught.value) is kind
    return str(caught.value)


DENIED = Denied("denied", "there", "ask")
BROKEN = LineBroken("broken", "there", "again")


class TestSteps:
    """What is done, in which order."""

    def test_all_is_well(self) -> None:
        """Temporary name, size, hash, rename, second look."""
        shelf = Shelf()
        assert Arrival(NAME, len(CONTENT), already_there=False) == deliver(shelf)
        assert [
            "enter",
            f"remove {PART}",
            f"size {NAME}",
            f"write {PART}",
            f"size {PART}",
            f"hash {PART}",
            f"rename {PART} {NAME}",
            f"size {NAME}",
        ] == shelf.asked
        assert {NAME: CONTENT} == shelf.files

    def test_directly(self) -> None:
        """Without a rename: the size, and no look at another name."""
        shelf = Shelf()
        assert Arrival(NAME, len(CONTENT), already_there=False) == deliver(shelf, DIRECT)
        assert ["enter", f"size {NAME}", f"write {NAME}", f"size {NAME}", f"hash {NAME}"] == (
            shelf.asked
        )

    def test_a_name_of_ones_own(self) -> None:
        """The destination says what a file is called while it grows."""
        shelf = Shelf()
        deliver(shelf, replace(TO, temporary="{name}.tmp"))
        assert f"rename {NAME}.tmp {NAME}" in shelf.asked

    def test_what_was_left_may_not_be_removed(self) -> None:
        """Then it is written over."""
        shelf = Shelf({PART: b"old"}, odd={"remove": raising(DENIED)})
        deliver(shelf)
        assert {NAME: CONTENT} == shelf.files


class TestWhatStandsThere:
    """The final name is taken."""

    def test_ours(self) -> None:
        """The very bytes mean that an earlier try had succeeded; nothing is written."""
        shelf = Shelf({NAME: CONTENT})
        assert Arrival(NAME, len(CONTENT), already_there=True) == deliver(shelf)
        assert not [step for step in shelf.asked if step.startswith(("write", "rename"))]

    @pytest.mark.parametrize("other", [b"", CONTENT[:-1], CONTENT + b"x", CONTENT[::-1]])
    def test_another(self, other: bytes) -> None:
        """Other bytes are left as they are."""
        shelf = Shelf({NAME: other})
        assert f"another file of {len(other)} bytes stands under" in refused(shelf, NameTaken)
        assert {NAME: other} == shelf.files

    @pytest.mark.parametrize("begun", [b"", CONTENT[:1], CONTENT[:-1]])
    def test_a_beginning_of_ours(self, begun: bytes) -> None:
        """Without renaming, it is what a broken try has left, and becomes the whole."""
        shelf = Shelf({NAME: begun})
        assert not deliver(shelf, DIRECT).already_there
        assert {NAME: CONTENT} == shelf.files

    def test_the_whole_of_ours(self) -> None:
        """Without renaming, the whole is there already."""
        assert deliver(Shelf({NAME: CONTENT}), DIRECT).already_there

    @pytest.mark.parametrize("other", [b"x", CONTENT[1:], CONTENT + b"x"])
    def test_no_beginning_of_ours(self, other: bytes) -> None:
        """Without renaming, what is not ours is not touched either."""
        shelf = Shelf({NAME: other})
        refused(shelf, NameTaken, DIRECT)
        assert {NAME: other} == shelf.files


class TestWhatIsLost:
    """Bytes that the server has not."""

    def test_all(self) -> None:
        """Every step was answered, and there is no file."""
        told = refused(Shelf(odd={"write": lambda shelf: None}), Incomplete)
        assert f"the server took all {len(CONTENT)} bytes of {NAME} and then had no file" in told

    @pytest.mark.parametrize("to", [TO, DIRECT])
    def test_some(self, to: Destination) -> None:
        """A short file is not renamed."""

        def short(shelf: Shelf) -> None:
            shelf.files[NAME if to.is_direct else PART] = CONTENT[:7]

        shelf = Shelf(odd={"write": short})
        assert f"the server holds 7 of {len(CONTENT)} bytes" in refused(shelf, Incomplete, to)
        assert to.is_direct or {} == shelf.files

    def test_changed(self) -> None:
        """As many bytes, but others, are found out where the server tells hashes."""

        def change(shelf: Shelf) -> None:
            shelf.files[PART] = bytes(len(CONTENT))

        shelf = Shelf(odd={"write": change}, hashes=True)
        told = refused(shelf, Incomplete)
        assert f"holds other bytes than were sent of {NAME}: by its SHA-256" in told
        assert {} == shelf.files

    def test_by_the_rename(self) -> None:
        """A rename that loses bytes is told."""

        def halve(shelf: Shelf) -> None:
            shelf.files[NAME] = shelf.files.pop(PART)[:7]

        told = refused(Shelf(odd={"rename": halve}), Incomplete)
        assert f"has 7 instead of {len(CONTENT)} bytes after its rename" in told


class TestRename:
    """The point where a delivery can be lost or doubled."""

    def test_taken_away_at_once(self) -> None:
        """A file that is gone right after its rename was taken by the receiver."""
        shelf = Shelf(odd={"rename": lambda shelf: shelf.files.clear()})
        assert Arrival(NAME, None, already_there=False) == deliver(shelf)

    def test_refused_and_there(self) -> None:
        """A refusal does not count where the very file stands there."""

        def done_and_refused(shelf: Shelf) -> None:
            shelf.files[NAME] = CONTENT
            raise DENIED

        shelf = Shelf(odd={"rename": done_and_refused})
        assert Arrival(NAME, len(CONTENT), already_there=True) == deliver(shelf)
        assert {NAME: CONTENT} == shelf.files

    def test_refused(self) -> None:
        """It is told, with the way out, and nothing is left."""
        shelf = Shelf(odd={"rename": raising(DENIED)})
        told = refused(shelf, RenameRefused)
        assert "the server refused its final name: denied" in told
        assert 'or say upload = "direct"' in told
        assert {} == shelf.files

    def test_another_file_came_between(self) -> None:
        """What came while ours was uploaded is not ours."""

        def come_between(shelf: Shelf) -> None:
            shelf.files[NAME] = b"other"
            raise DENIED

        shelf = Shelf(odd={"rename": come_between})
        refused(shelf, NameTaken)
        assert {NAME: b"other"} == shelf.files

    @pytest.mark.parametrize("step", ["write", "rename"])
    def test_a_broken_line(self, step: str) -> None:
        """Nothing more is asked over a line that is gone."""
        shelf = Shelf(odd={step: raising(BROKEN)})
        refused(shelf, LineBroken)
        assert shelf.asked[-1].startswith(step)


class TestProbe:
    """The test of a connection."""

    def test_directly(self) -> None:
        """Where nothing is renamed, the test does not try to, and says so."""
        done: dict[str, str] = {}
        shelf = Shelf()
        asyncio.run(Probe(shelf, DIRECT, "probe", b"probe").try_out(done))
        assert "not wanted: files are uploaded under their own names" == done["rename"]
        assert {} == shelf.files
        assert not [step for step in shelf.asked if step.startswith("rename")]

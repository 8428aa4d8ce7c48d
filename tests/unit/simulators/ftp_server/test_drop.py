"""Tests of the drop: logins, the record, what was visible when."""

from __future__ import annotations

import asyncio
import hashlib
import json
from datetime import timedelta

from simulators.ftp_server.drop import User
from simulators.ftp_server.faults import RefusedLogin
from tests.unit.simulators.ftp_server.conftest import START, UPLOAD, MakePlace, Place

MINUTE = timedelta(minutes=1)


class TestLogin:
    """Who may come in."""

    def test_right_password(self, place: Place) -> None:
        """Name and password give the user."""
        user = place.drop.login("ise", "geheim", "sftp")

        assert user is not None
        assert "ise" == user.name

    def test_wrong_password_and_unknown_user(self, place: Place) -> None:
        """A wrong password and an unknown name are refused alike."""
        assert [None, None] == [
            place.drop.login("ise", "falsch", "sftp"),
            place.drop.login("niemand", "geheim", "sftp"),
        ]
        assert [("login", "", "login refused")] * 2 == place.did()

    def test_refused_by_a_fault(self, place: Place) -> None:
        """The fault refuses the user it names, and nobody else."""
        asyncio.run(place.faults.switch_on(RefusedLogin("ise")))
        assert place.drop.login("ise", "geheim", "sftp") is None

        asyncio.run(place.faults.switch_off(RefusedLogin))
        asyncio.run(place.faults.switch_on(RefusedLogin("somebody")))
        assert place.drop.login("ise", "geheim", "sftp") is not None

    def test_the_password_is_nowhere_in_the_record(self, place: Place) -> None:
        """Neither the wiretap nor a user's text shows a password."""
        place.drop.login("ise", "geheim", "sftp")
        shown = [crossing.text for crossing in place.tap.crossings]

        assert "geheim" not in repr((shown, place.drop.events, User("ise", "geheim")))


class TestRecord:
    """What is told of everything."""

    def test_one_line_per_event(self, place: Place) -> None:
        """An event is one line of JSON from the user's party to the server."""
        place.upload("/in/a.csv", b"12345")

        crossing = place.tap.crossings[1]
        assert ("sftp", "backend", "EW Seedorf") == (
            crossing.wire,
            crossing.sender,
            crossing.receiver,
        )
        assert {
            "user": "ise",
            "do": "write",
            "path": "/in/a.csv",
            "offset": 0,
            "count": 5,
            "size": 5,
            "answer": "ok",
        } == json.loads(crossing.text)

    def test_two_runs_leave_the_same_record(self, make_place: MakePlace) -> None:
        """Nothing of the machine gets into the record."""

        def run() -> list[str]:
            place = make_place()
            place.upload("in/a.csv", b"1", b"2")
            place.session.rename("in/a.csv", "in/b.csv")
            place.session.list("in")
            place.session.remove("in/b.csv")
            return [crossing.text for crossing in place.tap.crossings]

        assert run() == run()

    def test_what_the_utility_does_itself_is_on_no_wire(self, place: Place) -> None:
        """Files that the utility places and moves are in the events and not in the wiretap."""
        place.drop.put("ise/in/readme.txt", b"hello")
        place.drop.move("ise/in/readme.txt", "ise/archive/readme.txt")

        assert ["put", "move"] == [event.action for event in place.drop.events]
        assert [] == place.tap.crossings
        assert {"ise/archive/readme.txt": 5} == place.drop.visible_at(place.clock.now())


class TestHistory:
    """What was visible when."""

    def test_partial_files_and_renames(self, place: Place) -> None:
        """A poller at each minute sees the partial file grow, and then its final name."""

        async def run() -> None:
            file = place.session.open("/in/.a.part", UPLOAD)
            place.session.write(file, 0, b"1234")
            await place.clock.advance_to(START + MINUTE)
            place.session.write(file, 4, b"56")
            place.session.close(file)
            await place.clock.advance_to(START + 2 * MINUTE)
            place.session.rename("/in/.a.part", "/in/a.csv")

        asyncio.run(run())
        assert [{}, {".a.part": 4}, {".a.part": 6}, {"a.csv": 6}] == [
            place.drop.visible_at(START + minutes * MINUTE, "ise/in") for minutes in (-1, 0, 1, 2)
        ]

    def test_every_version_keeps_its_hash(self, place: Place) -> None:
        """Each state of a file is kept with size and hash, also within one instant."""
        place.upload("in/a.csv", b"12", b"34")

        versions = place.drop.history.of("ise/in/a.csv")
        assert [
            (len(content), hashlib.sha256(content).hexdigest()) for content in (b"", b"12", b"1234")
        ] == [(version.size_bytes, version.sha256) for version in versions]

    def test_overwriting_in_the_middle_is_hashed_anew(self, place: Place) -> None:
        """A block written over an earlier one changes the hash."""
        file = place.session.open("in/a.csv", UPLOAD)
        place.session.write(file, 0, b"abcd")
        place.session.write(file, 1, b"X")
        place.session.close(file)

        last = place.drop.history.of("ise/in/a.csv")[-1]
        assert hashlib.sha256(b"aXcd").hexdigest() == last.sha256

    def test_all_files_or_one_folder(self, place: Place) -> None:
        """Without a folder the paths below the root are given, with one the bare names."""
        place.upload("a.csv", b"1")
        place.upload("in/b.csv", b"12")

        assert {"ise/a.csv": 1, "ise/in/b.csv": 2} == place.drop.visible_at(START)
        assert {"a.csv": 1} == place.drop.visible_at(START, "ise")
        assert {"b.csv": 2} == place.drop.visible_at(START, "/ise/in/")


class TestKeys:
    """Users who log in by key."""

    LINE = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBoNPGpRM3DYYOlSdNBgPZ4iyPzR5NDSrGqXyXnNvVzz"

    def test_the_comment_of_a_key_is_no_part_of_it(self) -> None:
        """A key is known with another comment, and by all of the rest."""
        user = User("ise", "", public_keys=(f"{self.LINE} anna@büro",))

        assert user.has_key(f"{self.LINE} somebody else\n")
        assert not user.has_key(self.LINE.replace("ed25519", "ed448"))
        assert not user.has_key(self.LINE[:-1])
        assert not user.has_key("")

    def test_who_has_a_password(self) -> None:
        """An empty password is one, but for a user who has keys."""
        assert User("ise", "").has_password
        assert User("ise", "geheim", public_keys=(self.LINE,)).has_password
        assert not User("ise", "", public_keys=(self.LINE,)).has_password

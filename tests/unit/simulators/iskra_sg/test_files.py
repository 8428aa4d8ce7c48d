"""The file manager: what is kept, what is refused, and who takes a file."""

from __future__ import annotations

import pytest

from simulators.errors import NotAccepted, NotPossible
from simulators.iskra_sg.files import ALL_LIMIT_BYTES, FILE_LIMIT_BYTES, FILES_LIMIT, Files

PEM = b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"


def test_files_are_kept_by_name() -> None:
    """They are listed in order, can be replaced, and certificates are found among them."""
    files = Files()
    files.add("zz.txt", b"1")
    files.add("ca.pem", PEM)
    files.add("zz.txt", b"22")

    assert ["ca.pem", "zz.txt"] == list(files)
    assert (b"22", None) == (files.read("zz.txt"), files.read("none"))
    assert [PEM] == files.certificates
    files.delete("zz.txt")
    assert ["ca.pem"] == list(files)
    files.clear()
    assert [] == list(files)


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("", b"", "letters, digits"),
        ("../etc", b"", "letters, digits"),
        (".hidden", b"", "letters, digits"),
        ("a" * 64, b"", "letters, digits"),
        ("a", b"x" * (FILE_LIMIT_BYTES + 1), "at most 65536 bytes"),
        ("a.pem", b"hello", "begins with -----BEGIN"),
        ("a.json", b"{", "no JSON"),
        ("a.json", b"\xff", "no JSON"),
        ("a.json", b"[" * 60_000, "no JSON"),
    ],
)
def test_what_is_no_file_is_refused(name: str, content: bytes, sentence: str) -> None:
    """Each says what would be taken, and nothing is kept."""
    files = Files()
    with pytest.raises(NotAccepted, match=sentence):
        files.add(name, content)

    assert [] == list(files)


def test_it_gets_full() -> None:
    """There is an end to the number of files and to their bytes; what is replaced makes room."""
    files = Files()
    for number in range(FILES_LIMIT):
        files.add(f"f{number}", b"x")
    with pytest.raises(NotPossible, match="it is full; delete a file first"):
        files.add("more", b"x")
    files.add("f0", b"y")

    large = Files()
    for number in range(ALL_LIMIT_BYTES // FILE_LIMIT_BYTES):
        large.add(f"f{number}", b"x" * FILE_LIMIT_BYTES)
    with pytest.raises(NotPossible, match="it is full"):
        large.add("more", b"x")
    large.add("f0", b"x" * FILE_LIMIT_BYTES)


def test_nothing_is_deleted_that_is_not_there() -> None:
    """It says so."""
    with pytest.raises(NotPossible, match="there is no such file"):
        Files().delete("ghost")


def test_who_takes_a_file_may_refuse_it() -> None:
    """A taker gets the text before it is kept, and None when it is deleted."""
    taken: list[str | None] = []

    def take(text: str | None) -> None:
        if text == "[]":
            raise NotAccepted("tariffs.json", text, "not that")
        taken.append(text)

    files = Files({"tariffs.json": take})
    files.add("tariffs.json", '"ä"'.encode())
    with pytest.raises(NotAccepted):
        files.add("tariffs.json", b"[]")
    assert '"ä"'.encode() == files.read("tariffs.json")
    files.delete("tariffs.json")

    assert ['"ä"', None] == taken

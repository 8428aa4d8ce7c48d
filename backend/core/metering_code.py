"""
Metering codes (Messpunktbezeichnung), VSE Metering Code §3.2.3 and §11.2.

33 characters: the country ``CH``, 11 digits (network and a reserved part), and 20 characters
of the network operator out of A-Z, 0-9 and ``-``. There is no check digit, so only the form
can be checked. A code names a metering point for ever and survives an exchange of the meter.
"""

from __future__ import annotations

from dataclasses import dataclass

from backend.errors import MeteringCodeError

LENGTH = 33
_DIGITS = frozenset("0123456789")
_OPERATORS = _DIGITS | frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ-")
_REMEDY = "write CH, 11 digits and 20 characters of A-Z, 0-9 and -, as the network operator gave it"
_MAX_SHOWN = 60


@dataclass(frozen=True, slots=True)
class MeteringPoint:
    """
    A metering code and its parts.

    Attributes:
        code: all 33 characters.
        network: 6 digits, the network operator.
        reserved: 5 digits.
        own: the operator's 20 characters.
    """

    code: str
    network: str
    reserved: str
    own: str

    @classmethod
    def parse(cls, text: str, where: str = "metering code") -> MeteringPoint:
        """
        Take a metering code apart.

        Raises:
            MeteringCodeError: It is none; names the position, from 1, and the character.
        """
        code = check_metering_code(text, where)
        return cls(code, code[2:8], code[8:13], code[13:])


def check_metering_code(text: str, where: str) -> str:
    """
    Give a metering code back if it is one.

    Raises:
        MeteringCodeError: It is none; names the position, from 1, and the character.
    """
    if len(text) != LENGTH:
        shown = text if len(text) <= _MAX_SHOWN else text[:_MAX_SHOWN] + "…"
        raise MeteringCodeError(
            f"{shown!r} has {len(text)} characters instead of {LENGTH}", where, _REMEDY
        )
    for position, character in enumerate(text, start=1):
        if character not in _allowed_at(position):
            raise MeteringCodeError(
                f"position {position}: {character!r} is not {_expected_at(position)}",
                where,
                _REMEDY,
            )
    return text


def _allowed_at(position: int) -> frozenset[str]:
    if position <= 2:
        return frozenset("CH"[position - 1])
    return _DIGITS if position <= 13 else _OPERATORS


def _expected_at(position: int) -> str:
    if position <= 2:
        return repr("CH"[position - 1])
    return "a digit" if position <= 13 else "one of A-Z, 0-9 and -"

"""
The options of devices that run alone, for whoever offers them as commands.

Nothing is imported that takes time: a command line is built to show its help, too.
"""

from __future__ import annotations

import argparse
from pathlib import Path


def add_charger_options(parser: argparse.ArgumentParser) -> None:
    """Let a parser take all that a charger alone can be told."""
    parser.add_argument(
        "--backend",
        required=True,
        metavar="URL",
        help="the backend's endpoint, ws://HOST:PORT/PATH; the identity is appended",
    )
    parser.add_argument(
        "--identity", required=True, metavar="NAME", help="the charger's name at the backend"
    )
    parser.add_argument(
        "--web-port",
        type=int,
        default=8080,
        metavar="N",
        help="the port of its own page (8080; 0: a free one; below 1024 needs root on most "
        "machines)",
    )
    parser.add_argument(
        "--web-host",
        default="127.0.0.1",
        metavar="ADDRESS",
        help="where its page listens (127.0.0.1); whoever reaches it can use the charger",
    )
    parser.add_argument(
        "--memory",
        type=Path,
        metavar="FILE",
        help="where it remembers; without a file it forgets all when it is stopped",
    )
    parser.add_argument(
        "--card",
        action="append",
        default=[],
        metavar="UID",
        help="a card that lies beside it, as printed (77FD2AFA); may be repeated",
    )
    parser.add_argument(
        "--configuration",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="a configuration key other than from the factory; may be repeated",
    )
    parser.add_argument(
        "--habit",
        action="append",
        default=[],
        metavar="NAME[:SETTING=VALUE]",
        help="a habit or fault that is on from the start; may be repeated",
    )
    _add_make(parser)


def _add_make(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--fixed-cable", action="store_true", help="the cable hangs at the charger for good"
    )
    parser.add_argument(
        "--big-endian", action="store_true", help="write card numbers as they are printed"
    )
    parser.add_argument(
        "--serial",
        metavar="NUMBER",
        help="its serial number, at most 25 signs (the same as its identity)",
    )
    parser.add_argument(
        "--register-wh",
        type=int,
        default=0,
        metavar="N",
        help="what its meter stands at when it is new, in Wh (0)",
    )


def add_gateway_options(parser: argparse.ArgumentParser) -> None:
    """Let a parser take all that a gateway alone can be told."""
    parser.add_argument(
        "site",
        nargs="?",
        type=Path,
        default=None,
        metavar="SITE",
        help="a file that says what stands there and what flows (a built-in example)",
    )
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        metavar="ADDRESS",
        help="where its servers listen (127.0.0.1); whoever reaches it can use the gateway",
    )
    parser.add_argument(
        "--web-port",
        type=int,
        default=8081,
        metavar="N",
        help="the port of its page and of REST (8081; a real one has 80; 0: a free one)",
    )
    parser.add_argument(
        "--modbus-port",
        type=int,
        default=None,
        metavar="N",
        help="the port of Modbus TCP (that of its settings, 10001; 0: a free one)",
    )
    parser.add_argument(
        "--udp-port",
        type=int,
        default=33333,
        metavar="N",
        help="the port on which it is discovered (33333, where clients look; 0: a free one)",
    )
    parser.add_argument(
        "--fault",
        action="append",
        default=[],
        metavar="FAULT",
        help="what is wrong from the start, absent-device:address=35 say; may be repeated",
    )

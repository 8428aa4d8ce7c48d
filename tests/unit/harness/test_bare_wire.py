"""The peer that simulated time is compared with."""

from __future__ import annotations

import asyncio

from harness.bare_wire import echo_s


def test_each_frame_takes_some_time() -> None:
    """More frames take longer, and none takes none."""
    few, many = (asyncio.run(echo_s(["x"] * count)) for count in (5, 500))

    assert 0 < few < many

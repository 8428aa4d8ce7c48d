"""Our backend in the event loop of the test itself: what waits for it is awaited in a thread."""

import asyncio
from typing import Any

from own_backend import OwnBackend

from harness.fixtures import Inch


async def charge_remotely(inch: Inch) -> list[dict[str, Any]]:
    bills: list[dict[str, Any]] = []
    backend = OwnBackend(bills.append)
    await backend.start()
    await asyncio.to_thread(inch.connect, backend.address)
    await asyncio.to_thread(inch.plug_in)

    await backend.remote_start(inch.identity, "FA2AFD77")
    await asyncio.to_thread(inch.wait_until_asked, "RemoteStartTransaction")
    assert inch.status == "Charging"
    await asyncio.to_thread(inch.let_pass, minutes=15)
    await asyncio.to_thread(inch.unplug)

    await backend.stop()
    return bills


def test_a_remote_start_is_billed(inch: Inch) -> None:
    bills = asyncio.run(charge_remotely(inch))

    assert [bill["card"] for bill in bills] == ["FA2AFD77"]
    assert abs(bills[0]["energy_wh"] - inch.register_wh) <= 1

"""A reader of our own: asks a smart gateway over REST what its meters have counted."""

import json
from typing import Any
from urllib.request import urlopen


class SilentMeter(Exception):
    """A meter does not answer the gateway, so nobody knows what it has counted."""


def imported_wh(rest_address: str, serial: str) -> int:
    """Give what a meter has counted, in whole Wh, by the number that is printed on it."""
    devices = _get(f"{rest_address}/devices")["devices"]
    serials = [one["serial"] for one in devices if one["interface"] != "Right IR"]
    if serial not in serials:
        raise SilentMeter(serial)
    counters = _get(f"{rest_address}/counter/{serials.index(serial)}")["counters"]
    for counter in counters["non_resettable"]:
        if (counter["unit"], counter["direction"]) == ("Wh", "import"):
            return int(counter["value"])
    raise ValueError(f"{serial} counts no energy")


def _get(url: str) -> Any:
    with urlopen(url, timeout=5) as answer:
        return json.load(answer)

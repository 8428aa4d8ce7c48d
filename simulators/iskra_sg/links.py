"""Everything that a gateway does by itself over its two links, put together."""

from __future__ import annotations

from dataclasses import dataclass

from simulators.iskra_sg import GatewaySg
from simulators.iskra_sg.automation_io import Automations
from simulators.iskra_sg.mqtt_io import MqttLink
from simulators.iskra_sg.push_io import PushLink

NUMBERS = (1, 2)


@dataclass(frozen=True, slots=True)
class Links:
    """
    The links of a gateway, by number, in both of their kinds, and its automations.

    The settings decide which kind each of them is; the other one is closed.
    """

    mqtt: dict[int, MqttLink]
    push: dict[int, PushLink]
    automations: Automations


def add_links(gateway: GatewaySg) -> Links:
    """Give a gateway its links and what runs its automations; before it is started."""
    mqtt = {number: MqttLink(gateway, number) for number in NUMBERS}
    push = {number: PushLink(gateway, number) for number in NUMBERS}
    automations = Automations(gateway, mqtt)
    gateway.wires += [*mqtt.values(), *push.values(), automations]
    return Links(mqtt, push, automations)

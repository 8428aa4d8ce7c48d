"""
The devices that can hang on a gateway, by model.

From the manual's figures (document 004 §4.1.7, §4.1.3, §4.1.4) and from what public clients know
of each family: how many phases it measures, how many counters it keeps, and in which form its
registers hold them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Family(Enum):
    """How a model's registers are laid out; see `registers`."""

    WM = "WM"
    IE = "IE"
    MC = "MC"
    BICOM = "BICOM"
    GATEWAY = "SG"


@dataclass(frozen=True, slots=True)
class Model:
    """
    A model of a device.

    Attributes:
        name: as its identity registers give it, at most 16 signs.
        family: the layout of its registers.
        phases: on how many phases it measures; 0 for a switch.
        non_resettable: how many counters it keeps that nobody can set back.
        resettable: how many it keeps besides.
        has_signed_readings: whether it signs readings for transactions (OCMF).
    """

    name: str
    family: Family
    phases: int = 0
    non_resettable: int = 0
    resettable: int = 0
    has_signed_readings: bool = False

    @property
    def is_meter(self) -> bool:
        """Whether it measures."""
        return self.phases > 0


MODELS = {
    model.name: model
    for model in (
        Model("WM1-6", Family.WM, 1, 0, 4),
        Model("WM3-6", Family.WM, 3, 4, 4),
        Model("WM3M4", Family.WM, 3, 2, 0, has_signed_readings=True),
        Model("WM3M4C", Family.WM, 3, 2, 0, has_signed_readings=True),
        Model("IE14MD", Family.IE, 1, 4, 8),
        Model("IE35MD", Family.IE, 3, 4, 16),
        Model("IE38MD", Family.IE, 3, 4, 16),
        Model("MC350", Family.MC, 3, 0, 4),
        Model("MC784", Family.MC, 3, 0, 4),
        Model("iMC784", Family.MC, 3, 0, 4),
        Model("MT550", Family.MC, 3, 0, 4),
        Model("iMT550", Family.MC, 3, 0, 4),
        Model("IR Bicom", Family.BICOM),
        Model("BI432", Family.BICOM),
    )
}
"""Every model that can be placed; the names are those of figures 24 to 39, MC and MT by family."""

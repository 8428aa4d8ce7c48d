"""
The function button and its menu (document 004 §4.4).

Rule 1: a long press is held for 10 seconds and acts when they are over; a short press is let go
after 2 seconds or more, and before it is a long one. A shorter touch does nothing (ASSUMED).
Rule 2: a long press opens the menu, or executes what is selected in it; a short press selects the
next. A minute after the last press the menu is left.
Rule 3: colours that follow one another last `COLOUR_LASTS` each (ASSUMED). What is executed is
executed after its colours.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import Enum

from simulators.iskra_sg.led import Colour, Led, Rhythm

LONG = timedelta(seconds=10)
SHORT = timedelta(seconds=2)
MENU_LASTS = timedelta(minutes=1)
COLOUR_LASTS = timedelta(milliseconds=500)

ENTERING = (Colour.GREEN, Colour.ORANGE, Colour.RED, Colour.ORANGE, Colour.GREEN)
EXECUTING = (Colour.GREEN, Colour.ORANGE, Colour.RED)


class Function(Enum):
    """What the menu offers, in its order."""

    REBOOT = "reboot"
    PROVISIONING = "provisioning"
    FACTORY_RESET = "factory reset"


COLOURS = {
    Function.REBOOT: Colour.GREEN,
    Function.PROVISIONING: Colour.ORANGE,
    Function.FACTORY_RESET: Colour.RED,
}
"""In which colour each blinks while it is selected."""


class FunctionButton:
    """
    The button, the menu behind it, and what of both is seen on the LED.

    Attributes:
        selected: what is selected; None while the menu is closed.
    """

    def __init__(self) -> None:
        self.selected: Function | None = None
        self._touched_at: datetime | None = None
        self._pressed_at: datetime | None = None
        self._shown: tuple[Colour, ...] = ()
        self._shown_from: datetime | None = None
        self._executing: Function | None = None
        self._executed: Function | None = None

    @property
    def is_touched(self) -> bool:
        """Whether a finger is on it."""
        return self._touched_at is not None

    @property
    def due(self) -> datetime | None:
        """When something happens by itself; None for never."""
        instants = [one for one in (self._long_due, self._own_due) if one is not None]
        return min(instants, default=None)

    @property
    def _long_due(self) -> datetime | None:
        """When a touch becomes a long press, which it does once."""
        if self._touched_at is None or self._pressed_at == self._touched_at + LONG:
            return None
        return self._touched_at + LONG

    @property
    def _own_due(self) -> datetime | None:
        """When the function is executed whose colours are shown, or the menu is left."""
        if self._executing is not None and self._shown_from is not None:
            return self._shown_from + len(EXECUTING) * COLOUR_LASTS
        if self.selected is not None and self._touched_at is None and self._pressed_at is not None:
            return self._pressed_at + MENU_LASTS
        return None

    def touch(self, at: datetime) -> None:
        """Put a finger on it; one that is there stays."""
        self.advance(at)
        if self._touched_at is None:
            self._touched_at = at

    def release(self, at: datetime) -> None:
        """Take the finger off."""
        self.advance(at)
        touched_at, self._touched_at = self._touched_at, None
        if touched_at is None or self._executing is not None:
            return
        if SHORT <= at - touched_at < LONG and self.selected is not None:
            functions = list(Function)
            self.selected = functions[(functions.index(self.selected) + 1) % len(functions)]
            self._shown = ()
        self._pressed_at = at

    def advance(self, at: datetime) -> None:
        """Let happen what happens by itself up to ``at``."""
        while (due := self.due) is not None and due <= at:
            if due == self._long_due:
                self._press_long(due)
            else:
                self._executed, self._executing = self._executing, None
                self.selected, self._shown = None, ()

    def _press_long(self, at: datetime) -> None:
        self._pressed_at = at
        if self.selected is None:
            self.selected, self._shown = Function.REBOOT, ENTERING
        else:
            self._executing, self._shown = self.selected, EXECUTING
        self._shown_from = at

    def take_executed(self) -> Function | None:
        """Give what has been executed since it was last asked for, once."""
        executed, self._executed = self._executed, None
        return executed

    def led(self, at: datetime) -> Led | None:
        """Tell what it shows on the LED; None where the menu is closed."""
        if self.selected is None or self._shown_from is None:
            return None
        number = (at - self._shown_from) // COLOUR_LASTS
        if number < len(self._shown):
            return Led(self._shown[number], Rhythm.STEADY)
        return Led(COLOURS[self.selected], Rhythm.FAST)

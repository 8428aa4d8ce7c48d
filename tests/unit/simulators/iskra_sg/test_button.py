"""The function button, its menu, and what is seen of it on the LED."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from simulators.iskra_sg.button import Function, FunctionButton
from simulators.iskra_sg.led import Colour, Led, Rhythm

START = datetime(2026, 6, 1, 6, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    """Give an instant, so many seconds after the start."""
    return START + timedelta(seconds=seconds)


def press(button: FunctionButton, begin: float, lasting: float) -> None:
    """Touch it for a while."""
    button.touch(at(begin))
    button.release(at(begin + lasting))


def colours(button: FunctionButton, begin: float, count: int) -> list[Colour]:
    """Give the colours that follow one another, half a second each."""
    shown = [button.led(at(begin + 0.5 * number)) for number in range(count)]
    return [one.colour for one in shown if one is not None and one.rhythm is Rhythm.STEADY]


def test_a_long_press_opens_the_menu() -> None:
    """After ten seconds, still touched: the colours in their order, then fast green."""
    button = FunctionButton()
    button.touch(at(0))
    assert at(10) == button.due
    button.advance(at(9.9))
    assert (None, None) == (button.selected, button.led(at(9.9)))
    button.advance(at(10))

    assert Function.REBOOT is button.selected
    green, orange, red = Colour.GREEN, Colour.ORANGE, Colour.RED
    assert [green, orange, red, orange, green] == colours(button, 10, 6)
    assert Led(green, Rhythm.FAST) == button.led(at(12.5))


def test_short_presses_go_through_the_menu() -> None:
    """Each selects the next function, in its colour, and after the last comes the first."""
    button = FunctionButton()
    press(button, 0, 11)
    seen = []
    for number in range(4):
        seen.append((button.selected, button.led(at(13 + 4 * number))))
        press(button, 14 + 4 * number, 2)

    reboot, provisioning, reset = Function
    assert [reboot, provisioning, reset, reboot] == [one for one, _ in seen]
    assert [Colour.GREEN, Colour.ORANGE, Colour.RED, Colour.GREEN] == [
        led.colour for _, led in seen if led is not None
    ]


@pytest.mark.parametrize("presses", [0, 1, 2])
def test_a_long_press_in_the_menu_executes(presses: int) -> None:
    """The colours come first; then it has been executed, once, and the menu is closed."""
    button = FunctionButton()
    press(button, 0, 10)
    for number in range(presses):
        press(button, 12 + 3 * number, 2)
    press(button, 20, 10)
    assert [Colour.GREEN, Colour.ORANGE, Colour.RED] == colours(button, 30, 3)
    button.advance(at(31.4))
    assert button.take_executed() is None
    button.advance(at(31.5))

    assert list(Function)[presses] is button.take_executed()
    assert (None, None, None) == (button.take_executed(), button.selected, button.due)


def test_the_menu_is_left_after_a_minute() -> None:
    """It counts from the last press, and not while it is touched."""
    button = FunctionButton()
    press(button, 0, 10)
    press(button, 60, 2)
    assert at(122) == button.due
    button.touch(at(121))
    button.advance(at(130))
    assert Function.PROVISIONING is button.selected
    button.release(at(130))
    button.advance(at(190))
    assert (None, None) == (button.selected, button.led(at(190)))


@pytest.mark.parametrize("lasting", [0.5, 1.9, 2, 5, 9.9])
def test_no_other_press_opens_it(lasting: float) -> None:
    """Less than ten seconds do nothing while the menu is closed."""
    button = FunctionButton()
    press(button, 0, lasting)

    assert (None, None, False) == (button.selected, button.due, button.is_touched)


def test_a_touch_that_is_too_short_selects_nothing() -> None:
    """Less than two seconds change nothing in the menu."""
    button = FunctionButton()
    press(button, 0, 10)
    press(button, 20, 1.9)

    assert Function.REBOOT is button.selected


def test_one_finger_at_a_time() -> None:
    """A second touch, and letting go of nothing, change nothing."""
    button = FunctionButton()
    button.touch(at(0))
    button.touch(at(5))
    assert at(10) == button.due
    button.release(at(6))
    button.release(at(7))
    assert button.due is None


def test_touching_on_while_it_executes() -> None:
    """Whoever holds on, or touches again meanwhile, executes once all the same."""
    button = FunctionButton()
    press(button, 0, 10)
    button.touch(at(20))
    button.advance(at(31))
    button.release(at(31.2))
    button.touch(at(31.3))
    button.advance(at(41.3))

    assert Function.REBOOT is button.take_executed()
    assert Function.REBOOT is button.selected  # the second touch, held on, opened it again

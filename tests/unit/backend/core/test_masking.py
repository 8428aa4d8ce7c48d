"""What people must not see of a frame."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.core.masking import is_secret_key, masked, masked_echo, masked_frame, masked_text

KEY = "00112233445566778899AABBCCDDEEFF"


class TestLocations:
    """Logins and tokens in locations."""

    @pytest.mark.parametrize(
        ("text", "shown"),
        [
            ("ftp://host/in", "ftp://host/in"),
            ("ftp://user:pw@host/in", "ftp://***@host/in"),
            ("ftp://user:p@w@host/in", "ftp://***@host/in"),
            ("ftp://user:p/w@host/in", "ftp://***@host/in"),
            ("https://host/put?sig=abc&x=1", "https://host/put?***"),
            ("see ftp://u:p@a/ and ftp://v:q@b/", "see ftp://***@a/ and ftp://***@b/"),
            ("anna@example.ch", "anna@example.ch"),
        ],
    )
    def test_masked(self, text: str, shown: str) -> None:
        """All between protocol and the last @ goes, and what follows a question mark."""
        assert shown == masked_text(text)


class TestFrames:
    """Whole frames."""

    @pytest.mark.parametrize(
        "frame",
        [
            f'[2,"1","ChangeConfiguration",{{"key":"AuthorizationKey","value":"{KEY}"}}]',
            f'[2,"1","ChangeConfiguration",{{"value":"{KEY}","key":"authorizationkey"}}]',
            f'[2, "1", "ChangeConfiguration", {{"Key": " AuthorizationKey ", "Value": "{KEY}"}}]',
            f'[2,"1","ChangeConfiguration",{{"key":"Authorization\\u004bey","value":"{KEY}"}}]',
            f'[3,"1",{{"configurationKey":[{{"key":"AuthorizationKey","value":"{KEY}"}}]}}]',
            f'[2,"1","ChangeConfiguration",{{"key":"AuthorizationKey","value":"{KEY}',
            f'[2,"1","GetDiagnostics",{{"location":"ftp://isebench:{KEY}@host/"}}]',
            f'[2,"1","GetDiagnostics",{{"location":"ftp:\\/\\/isebench:{KEY}@host/"}}]',
            f'[2,"1","GetDiagnostics",{{"location":"ftp://isebench:{KEY}@ho',
            f'[2,"1","UpdateFirmware",{{"location":"https://host/f.zip?token={KEY}"}}]',
        ],
    )
    def test_no_secret_is_left(self, frame: str) -> None:
        """Whatever way it is written in, and also where the frame is cut."""
        shown = masked_frame(frame)

        assert KEY not in shown
        assert "***" in shown

    @pytest.mark.parametrize(
        "frame",
        [
            '[2, "1", "ChangeConfiguration", {"key":"HeartbeatInterval","value":"900"}]',
            '[2,"1","GetConfiguration",{"key":["AuthorizationKey"]}]',
            '[3,"1",{"configurationKey":[],"unknownKey":["AuthorizationKey"]}]',
            "no frame \\ at all",
            '[2,"1","DataTransfer",{"vendorId":"Etrel","data":"see http://host/"}]',
        ],
    )
    def test_what_holds_none_is_left_as_it_is(self, frame: str) -> None:
        """Sign for sign."""
        assert frame == masked_frame(frame)

    @given(st.text(alphabet=st.characters(codec="utf-8"), min_size=8))
    def test_any_key(self, secret: str) -> None:
        """No text that somebody takes for a key is shown."""
        payload = {"key": "AuthorizationKey", "value": f"<{secret}>"}
        frame = json.dumps([2, "1", "ChangeConfiguration", payload])

        assert [2, "1", "ChangeConfiguration", {"key": "AuthorizationKey", "value": "***"}] == (
            json.loads(masked_frame(frame))
        )

    def test_values_are_not_changed_in_place(self) -> None:
        """What is sent is not what is shown."""
        payload = {"key": "AuthorizationKey", "value": KEY}

        assert "***" == masked(payload)["value"]
        assert KEY == payload["value"]


class TestEchoes:
    """What a charger repeats of a command's secrets, without what told that they were some."""

    @pytest.mark.parametrize(
        ("command", "secret"),
        [
            ({"key": "AuthorizationKey", "value": KEY}, KEY),
            ({"location": f"ftp://isebench:{KEY}@host/in"}, KEY),
            ({"location": f"ftp://{KEY}@host/in"}, KEY),
            ({"location": "ftp://isebench:p%40w@host/in"}, "p@w"),
            ({"location": f"https://host/put?sig={KEY}"}, f"sig={KEY}"),
        ],
    )
    def test_masked(self, command: object, secret: str) -> None:
        """Wherever in the answer it stands."""
        said = [f"no {secret}!", {"status": secret, "code": 7}, None]

        assert ["no ***!", {"status": "***", "code": 7}, None] == masked_echo(said, command)

    @pytest.mark.parametrize(
        "command",
        [
            {"key": "HeartbeatInterval", "value": "900"},
            {"key": "AuthorizationKey", "value": ""},
            {"location": "ftp://host/in"},
            {"location": 7},
            "no object",
        ],
    )
    def test_what_repeats_no_secret_is_left_as_it_is(self, command: object) -> None:
        """A command without secrets hides nothing."""
        assert "900 is not taken" == masked_echo("900 is not taken", command)


def test_which_keys_are_secret() -> None:
    """The key of HTTP Basic authentication, in any case; anything else is no key at all."""
    assert is_secret_key("AuthorizationKey")
    assert is_secret_key(" authorizationkey ")
    assert not is_secret_key("HeartbeatInterval")
    assert not is_secret_key(7)


class TestEchoesOfLocations:
    """What a charger repeats of a location that it was told."""

    @pytest.mark.parametrize(
        ("location", "secret"),
        [
            ("ftp://user:p@w@host/in", "p@w"),
            ("ftp://user:p:w@host/in", "p:w"),
            ("ftp://user:p://w@host/in", "p://w"),
            ("ftp://user:p%20w@host/in", "p w"),
            ("https://host/put?a=1?sig=abc", "a=1?sig=abc"),
        ],
    )
    def test_a_secret_with_signs_of_locations_in_it(self, location: str, secret: str) -> None:
        """It goes whole, however it is written."""
        told = masked_echo(f"cannot use [{secret}]", {"location": location})
        assert "cannot use [***]" == told


class TestWhatIsKept:
    """Only what is secret goes."""

    def test_another_key(self) -> None:
        """The value of a key that holds no secret is shown."""
        said = {"key": "HeartbeatInterval", "value": "300"}
        assert said == masked(said)

    def test_a_value_in_a_frame_that_is_cut(self) -> None:
        """A frame that names no secret key keeps its values, whatever else is masked in it."""
        cut = '[2,"1","X",{"value":"300","location":"ftp://u:p@ho'
        assert '[2,"1","X",{"value":"300","location":"ftp://***@ho' == masked_frame(cut)

    def test_the_rest_of_a_frame(self) -> None:
        """It is written as chargers write it: without blanks, letters as they are."""
        frame = '[3, "1", {"location": "ftp://u:p@h/ü"}]'
        assert '[3,"1",{"location":"ftp://***@h/ü"}]' == masked_frame(frame)

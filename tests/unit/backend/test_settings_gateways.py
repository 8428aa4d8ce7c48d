"""The settings of smart gateways and of the meters that are read there."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
import trustme

from backend.errors import SettingsError
from backend.ports import Gateway, GatewayMeter, Mqtt
from backend.settings import Settings

GOOD = """
[[account]]
name = "A"
[[account]]
name = "B"
[[gateway]]
account = "A"
name = "Keller"
serial = "IS001093"
way = "rest"
host = "10.0.0.5"
[[gateway]]
account = "B"
name = "Keller"
serial = "IS000002"
way = "modbus"
host = "10.0.0.6"
[[meter]]
account = "A"
name = "Haus"
[meter.gateway]
name = "Keller"
serial = "W4124940"
[[meter]]
account = "A"
name = "Dach"
[meter.gateway]
name = "Keller"
serial = "I0006494"
address = 35
[[meter]]
account = "A"
name = "Garten"
"""


def changed(old: str, new: str) -> str:
    """Give the good settings with another text in them."""
    assert GOOD.count(old) == 1, f"{old!r} stands there {GOOD.count(old)} times"
    return GOOD.replace(old, new)


def gateway(extra: str, folder: Path = Path(), **environment: str) -> Gateway:
    """Read the one gateway of settings with one meter."""
    text = f"""
        [[account]]
        name = "A"
        [[gateway]]
        account = "A"
        name = "Keller"
        serial = "IS001093"
        {extra}
        [[meter]]
        account = "A"
        name = "Haus"
        [meter.gateway]
        name = "Keller"
        serial = "W4124940"
        """
    (found,) = Settings.from_toml(text, environment, folder=folder).read_gateways()
    return found


def refused(text: str) -> str:
    """Read settings that hold a mistake, and give what is told of it."""
    with pytest.raises(SettingsError) as raised:
        Settings.from_toml(text, {})
    return str(raised.value)


def test_a_gateway_knows_its_meters() -> None:
    """Each gateway is read with the meters of its account that name it, by name in their order."""
    (found,) = Settings.from_toml(GOOD, {}).read_gateways()
    assert found == Gateway(
        "Keller",
        "rest",
        "IS001093",
        "10.0.0.5",
        80,
        (GatewayMeter("A", "Haus", "W4124940", 33), GatewayMeter("A", "Dach", "I0006494", 35)),
        web_host="10.0.0.5",
        web_port=80,
    )
    assert found.every == timedelta(minutes=5)


def test_each_way_has_its_usual_port() -> None:
    """REST is at 80, Modbus at 10001, a broker at 1883 and at 8883 with TLS."""
    ports = [
        gateway('way = "rest"\nhost = "h"').port,
        gateway('way = "modbus"\nhost = "h"').port,
        gateway('way = "mqtt"\nhost = "h"').port,
        gateway('way = "mqtt"\nhost = "h"\n[gateway.mqtt]\ntls = true').port,
        gateway('way = "mqtt"\nhost = "h:1884"').port,
    ]
    assert ports == [80, 10_001, 1_883, 8_883, 1_884]


def test_a_push_is_listened_for() -> None:
    """A gateway that pushes has the port at which it is listened for."""
    found = gateway('way = "push"\nport = 1884')
    assert (found.way, found.host, found.port) == ("push", "127.0.0.1", 1884)


@pytest.mark.parametrize(
    ("extra", "web"),
    [
        ('way = "rest"\nhost = "h:81"', ("h", 81)),
        ('way = "rest"\nhost = "h"\nfill_gaps = false', ("", 0)),
        ('way = "modbus"\nhost = "h"', ("", 0)),
        ('way = "modbus"\nhost = "h"\nweb = "h"', ("h", 80)),
        ('way = "push"\nport = 0\nweb = "10.0.0.5:8080"', ("10.0.0.5", 8080)),
    ],
)
def test_gaps_are_filled_from_the_web(extra: str, web: tuple[str, int]) -> None:
    """Gaps are filled over REST, which other ways have to name."""
    found = gateway(extra)
    assert (found.web_host, found.web_port) == web


def test_secrets_do_not_show() -> None:
    """Who prints a gateway does not see its passwords."""
    found = gateway(
        'way = "mqtt"\nhost = "h"\nuser = "admin"\npassword = "geheim1"\n'
        'broker_user = "b"\nbroker_password_env = "BROKER"',
        BROKER="geheim2",
    )
    assert (found.user, found.secret) == ("admin", "geheim1")
    assert found.mqtt is not None
    assert (found.mqtt.user, found.mqtt.secret) == ("b", "geheim2")
    assert "geheim" not in repr(found)


def test_a_broker_is_read(tmp_path: Path) -> None:
    """Topics, who signs the broker's certificate, and the certificate of the backend."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    mine = authority.issue_cert("backend")
    mine.cert_chain_pems[0].write_to_path(tmp_path / "me.pem")
    mine.private_key_pem.write_to_path(tmp_path / "me.key")
    found = gateway(
        'way = "mqtt"\nhost = "h"\n[gateway.mqtt]\nroot = "r"\nsubscribe = "s"\npublish = "p"\n'
        'tls = true\nauthority_file = "ca.pem"\ncertificate_file = "me.pem"\nkey_file = "me.key"',
        tmp_path,
    )
    assert found.mqtt == Mqtt(
        root="r",
        subscribe="s",
        publish="p",
        tls=True,
        authority=authority.cert_pem.bytes().decode(),
        certificate_file=str(tmp_path / "me.pem"),
        key_file=str(tmp_path / "me.key"),
    )


def test_topics_are_the_manuals_by_default() -> None:
    """The root topic is the serial number, commands go to cmd, answers come under publish."""
    assert gateway('way = "mqtt"\nhost = "h"').mqtt == Mqtt(root="IS001093")


def test_a_place_says_which_meter() -> None:
    """Name and serial number are needed, the address is the usual one."""
    (meter,) = gateway('way = "rest"\nhost = "h"').meters
    assert meter == GatewayMeter("A", "Haus", "W4124940", 33)
    place = changed('serial = "W4124940"', "address = 33")
    assert "[gateway], key 'serial': is missing" in refused(place)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('way = "rest"', 'way = "udp"', "key 'way': is 'udp'"),
        ('host = "10.0.0.5"', 'host = "http://10.0.0.5"', "key 'host': is 'http://10.0.0.5'"),
        ('host = "10.0.0.5"', 'host = "h"\nevery = 2', "key 'every': is 2; write one of 1, 3, 5"),
        ('host = "10.0.0.5"', 'host = "h"\nuser = "u"', "key 'password': is missing"),
        ('host = "10.0.0.5"', 'host = "h"\nweb = "h"', "key 'web': is not a key of this table"),
        ('serial = "IS001093"', "", "key 'serial': is missing"),
        ('name = "Keller"\nserial = "W4124940"', 'name = "X"\nserial = "W"', "X"),
        ('serial = "I0006494"', 'serial = "W4124940"', "is read for another meter already"),
        ("address = 35", "address = 248", "key 'address': is 248"),
    ],
)
def test_mistakes_are_told(old: str, new: str, told: str) -> None:
    """A mistake is told with its place."""
    assert told in refused(changed(old, new))


@pytest.mark.parametrize(
    ("mqtt", "told"),
    [
        ('root = "a/+"', "key 'root': is 'a/+'"),
        ('publish = ""', "key 'publish': is ''"),
        ('certificate_file = "pyproject.toml"', "key 'key_file': is missing"),
        ('key_file = "pyproject.toml"', "key 'certificate_file': is missing"),
        ('certificate_file = "none.pem"', "names 'none.pem', which is no file"),
        ('authority_file = "none.pem"', "names 'none.pem', which holds no certificate"),
    ],
)
def test_mistakes_of_a_broker_are_told(mqtt: str, told: str, tmp_path: Path) -> None:
    """The table of the broker is checked as every other."""
    (tmp_path / "pyproject.toml").touch()
    with pytest.raises(SettingsError) as raised:
        gateway(f'way = "mqtt"\nhost = "h"\n[gateway.mqtt]\n{mqtt}', tmp_path)
    assert told in str(raised.value)


@pytest.mark.parametrize(("way", "is_refused"), [("modbus", True), ("mqtt", True), ("rest", False)])
def test_an_address_is_one_meters(way: str, is_refused: bool) -> None:
    """Where meters are asked under their addresses, two of one gateway have two."""
    text = changed('way = "rest"', f'way = "{way}"').replace("address = 35", "address = 33")
    if is_refused:
        assert "key 'address': 33 is read for another meter already" in refused(text)
    else:
        assert 2 == len(Settings.from_toml(text, {}).read_gateways()[0].meters)


def test_a_gateway_is_there_once() -> None:
    """Two gateways of an account have two names."""
    assert "'B / Keller' is there twice" in refused(
        GOOD + GOOD[GOOD.index('[[gateway]]\naccount = "B"') : GOOD.index("[[meter]]")]
    )

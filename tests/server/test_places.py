"""Places by address, from a file in MaxMind's format that is written here."""

import ipaddress
import struct
from pathlib import Path
from typing import Any, cast

import pytest

from carom.server.config import BadSetting
from carom.server.places import Places
from carom.wire.messages import Geo

NOVI_SAD = {
    "country": {"iso_code": "RS", "names": {"en": "Serbia"}},
    "subdivisions": [{"iso_code": "VO", "names": {"en": "Vojvodina"}}],
    "city": {"names": {"en": "Novi Sad"}},
    "postal": {"code": "21000"},
    "location": {"latitude": 45.2517, "longitude": 19.8369},
}


def _encoded(value: Any) -> bytes:
    """Encode as https://maxmind.github.io/MaxMind-DB/ says: type and size in a byte or more, then the value."""
    if isinstance(value, str):
        raw = value.encode()
        assert len(raw) < 285
        return (bytes([2 << 5 | len(raw)]) if len(raw) < 29 else bytes([2 << 5 | 29, len(raw) - 29])) + raw
    if isinstance(value, float):
        return bytes([3 << 5 | 8]) + struct.pack(">d", value)
    if isinstance(value, int):
        return bytes([6 << 5 | 4]) + value.to_bytes(4, "big")
    if isinstance(value, dict):
        members = cast("dict[str, Any]", value)
        return bytes([7 << 5 | len(members)]) + b"".join(_encoded(one) for pair in members.items() for one in pair)
    return bytes([len(value), 11 - 7]) + b"".join(map(_encoded, value))


def write_places(path: Path, places: dict[str, Any], *, version: int = 4) -> Path:
    """Write a file that knows some single addresses: a binary tree of their bits, then the records."""
    nodes: list[list[int | None]] = [[None, None]]
    data, leaves = b"", dict[tuple[int, int], int]()
    for text, record in places.items():
        address = ipaddress.ip_address(text)
        node, bits = 0, format(int(address), f"0{address.max_prefixlen}b")
        for bit in bits[:-1]:
            if nodes[node][int(bit)] is None:
                nodes.append([None, None])
                nodes[node][int(bit)] = len(nodes) - 1
            following = nodes[node][int(bit)]
            assert following is not None
            node = following
        leaves[node, int(bits[-1])] = len(data)
        data += _encoded(record)
    tree = b""
    for number, pair in enumerate(nodes):
        for side, following in enumerate(pair):
            leaf = leaves.get((number, side))
            value = len(nodes) + 16 + leaf if leaf is not None else len(nodes) if following is None else following
            tree += value.to_bytes(4, "big")
    about = {
        "node_count": len(nodes),
        "record_size": 32,
        "ip_version": version,
        "database_type": "Test",
        "languages": ["en"],
        "binary_format_major_version": 2,
        "binary_format_minor_version": 0,
        "build_epoch": 0,
        "description": {"en": "test"},
    }
    path.write_bytes(tree + bytes(16) + data + b"\xab\xcd\xefMaxMind.com" + _encoded(about))
    return path


def test_what_the_file_knows_is_said(tmp_path: Path) -> None:
    """And for what it does not know, the address."""
    places = Places(write_places(tmp_path / "a.mmdb", {"192.0.2.4": NOVI_SAD, "192.0.2.5": {"country": "?"}}))
    assert places.place("192.0.2.4") == Geo(
        country_iso_code="RS",
        country="Serbia",
        region_iso_code="VO",
        region="Vojvodina",
        city="Novi Sad",
        zip="21000",
        coords="45.2517,19.8369",
        ip="192.0.2.4",
    )
    assert places.place("192.0.2.5") == Geo(ip="192.0.2.5")
    assert places.place("192.0.2.6") == Geo(ip="192.0.2.6")
    assert places.place("2001:db8::1") == Geo(ip="2001:db8::1")
    assert places.place("nowhere") == Geo()
    places.close()


def test_no_file_knows_nothing() -> None:
    """None comes with Carom."""
    places = Places(None)
    assert places.place("192.0.2.4") == Geo(ip="192.0.2.4")
    places.close()


def test_another_file_is_refused(tmp_path: Path) -> None:
    """With what to do."""
    (tmp_path / "a.mmdb").write_bytes(b"no places")
    with pytest.raises(BadSetting, match=r"cannot be read as an \.mmdb file"):
        Places(tmp_path / "a.mmdb")

"""Where an address is thought to be: a look into a file of MaxMind's format that the operator brings."""

import ipaddress
from pathlib import Path
from typing import Any

from carom.server.config import BadSetting
from carom.wire._kinds import is_list, is_object
from carom.wire.messages import Geo


class Places:
    """The file, open; without one no place is known."""

    def __init__(self, path: Path | None) -> None:
        """Open a file. Raises BadSetting when it is none of the format."""
        self._reader: Any = None
        if path is None:
            return
        import maxminddb

        opening: Any = maxminddb  # its types leave a parameter open
        try:
            self._reader = opening.open_database(path, maxminddb.MODE_MMAP)
        except (OSError, maxminddb.InvalidDatabaseError) as error:
            raise BadSetting(f"--geo {path} cannot be read as an .mmdb file: {error}") from error

    def place(self, ip: str) -> Geo:
        """Return what is known about the place of an address; at least the address itself, unless it is none."""
        try:
            address = ipaddress.ip_address(ip)
        except ValueError:
            return Geo()
        if self._reader is None or (address.version == 6 and self._reader.metadata().ip_version == 4):
            return Geo(ip=str(address))
        found = _Record(self._reader.get(str(address)))
        country, region = found.at("country"), found.at("subdivisions", 0)
        latitude, longitude = found.at("location").value("latitude"), found.at("location").value("longitude")
        return Geo(
            country_iso_code=country.text("iso_code"),
            country=country.at("names").text("en"),
            region_iso_code=region.text("iso_code"),
            region=region.at("names").text("en"),
            city=found.at("city").at("names").text("en"),
            zip=found.at("postal").text("code"),
            coords=None if latitude is None or longitude is None else f"{latitude},{longitude}",
            ip=str(address),
        )

    def close(self) -> None:
        """Let go of the file."""
        if self._reader is not None:
            self._reader.close()


class _Record:
    """A record, whose parts may be missing: the file is somebody else's."""

    def __init__(self, content: object) -> None:
        self._content = content

    def value(self, name: str | int) -> object:
        content = self._content
        if isinstance(name, str):
            return content.get(name) if is_object(content) else None
        return content[name] if is_list(content) and name < len(content) else None

    def at(self, *path: str | int) -> "_Record":
        found = self
        for name in path:
            found = _Record(found.value(name))
        return found

    def text(self, name: str) -> str | None:
        found = self.value(name)
        return found if isinstance(found, str) else None

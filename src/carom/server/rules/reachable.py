"""Which addresses a hook may be at: those of the public internet, and in sandbox mode any."""

import ipaddress

# What the standard library counts as global and that leads, or may lead, to addresses that are not.
_TUNNELS = tuple(
    ipaddress.ip_network(text)
    for text in (
        "64:ff9b::/96",  # NAT64, RFC 6052
        "64:ff9b:1::/48",  # NAT64, RFC 8215
        "2001::/32",  # Teredo, RFC 4380
        "2002::/16",  # 6to4, RFC 3056
        "192.88.99.0/24",  # 6to4 relays, RFC 7526
        "::/96",  # IPv4-compatible, RFC 4291
    )
)


def is_public(address: str) -> bool:
    """Tell whether a text is an address of the public internet, in its one usual form: what another form of one could
    stand for is not asked."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address) and (found.ipv4_mapped is not None or found.scope_id is not None):
        return False
    tunnelled = any(found in network for network in _TUNNELS if network.version == found.version)
    return found.is_global and not (found.is_multicast or found.is_reserved or tunnelled)

"""The network that an address belongs to: what journal lines keep, under a key, instead of the address."""

from ipaddress import IPv4Address, ip_address


def address_prefix(address: str) -> bytes:
    """The canonical bytes of an address's network: its /24 (IPv4, mapped or not) or /48 (IPv6); the rest is dropped.

    An address that cannot be read gives the bytes of no network, so that a strange proxy stops nobody's care.
    """
    try:
        found = ip_address(address)
    except ValueError:
        return b"1|unknown"
    mapped = getattr(found, "ipv4_mapped", None) or found
    if isinstance(mapped, IPv4Address):
        return b"1|4|" + mapped.packed[:3]
    return b"1|6|" + mapped.packed[:6]

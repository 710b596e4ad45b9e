"""snake_case to Postmark's names. One rule, one table of acronyms; what contradicts both is named on its field."""

ACRONYMS = {
    "id": "ID",
    "dkim": "DKIM",
    "spf": "SPF",
    "cname": "CNAME",
    "ip": "IP",
    "os": "OS",
    "iso": "ISO",
    "dns": "DNS",
}


def postmark_name(field: str) -> str:
    """Return the wire name of a field: ``bounced_at`` is ``BouncedAt``, ``message_id`` is ``MessageID``."""
    return "".join(ACRONYMS.get(word) or word[:1].upper() + word[1:] for word in field.split("_"))

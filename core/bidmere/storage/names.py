"""Names of symbols on disk: reversible, and never outside their folder."""

from __future__ import annotations

import re

from bidmere.errors import InvalidInput

_PLAIN = re.compile(rb"[A-Z0-9_-]")
_RESERVED = re.compile(r"^(CON|PRN|AUX|NUL|COM\d|LPT\d)$")
_LONGEST_NAME = 120


def safe_name(text: str) -> str:
    """Return a reversible file name for any symbol: capitals, digits, `-` and `_` stay, other bytes become `%XX`.

    Lower case is encoded too, so that two symbols never share a file where names ignore case. Raises InvalidInput for
    an empty or overlong symbol.
    """
    name = "".join(
        chr(byte) if _PLAIN.match(bytes((byte,))) else f"%{byte:02X}" for byte in text.encode("utf-8", "surrogatepass")
    )
    if not name or len(name) > _LONGEST_NAME:
        raise InvalidInput(f"{text[:40]!r} cannot name a file: a symbol has 1 to about 40 characters.")
    return f"%{ord(name[0]):02X}{name[1:]}" if _RESERVED.match(name) else name


def name_text(name: str) -> str:
    """Return the symbol that `safe_name` encoded. Raises InvalidInput for a name it never made."""
    try:
        raw = re.sub(rb"%([0-9A-F]{2})", lambda found: bytes((int(found[1], 16),)), name.encode("ascii"))
        return raw.decode("utf-8", "surrogatepass")
    except (UnicodeDecodeError, UnicodeEncodeError):
        raise InvalidInput(f"{name!r} is not the name of a data file of Bidmere.") from None

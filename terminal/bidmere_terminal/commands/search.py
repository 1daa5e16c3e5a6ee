"""Fuzzy search over names, fast enough for fifty thousand of them (U-136)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that can be found: `kind` is its group, `key` what it stands for, `boost` lifts it in the order."""

    kind: str
    title: str
    key: Any
    hint: str = ""
    words: str = ""
    boost: int = 0


def score(needle: str, title: str, words: str = "") -> int:
    """Return how well a text fits, 0 when it does not: exact, start, word start, inside, letters in order."""
    hay = title.lower()
    if not needle:
        return 1
    if hay == needle:
        return 1000
    if hay.startswith(needle):
        return 800 - min(100, len(hay) - len(needle))
    at = hay.find(needle)
    if at > 0:
        start = not hay[at - 1].isalnum()
        return (600 if start else 400) - min(100, at)
    if words and needle in words.lower():
        return 300
    return _letters_in_order(needle, hay)


def _letters_in_order(needle: str, hay: str) -> int:
    """Fit `btcp` to `btcusdt-perp`: from the start of a word, with few letters between."""
    best = 0
    for start in range(len(hay)):
        if hay[start] != needle[0] or (start and hay[start - 1].isalnum()):
            continue
        at, gaps = start, 0
        for letter in needle[1:]:
            found = hay.find(letter, at + 1)
            if found < 0:
                break
            gaps += found - at - 1
            at = found
        else:
            if gaps <= 2 * len(needle):
                best = max(best, 150 - gaps)
    return best


def search(text: str, entries: Iterable[Entry], limit: int = 30) -> list[Entry]:
    """Return the entries that fit, best first; an empty text returns those with a boost."""
    needle = text.strip().lower()
    scored: list[tuple[int, int, Entry]] = []
    for order, entry in enumerate(entries):
        if not needle:
            if entry.boost:
                scored.append((entry.boost, -order, entry))
            continue
        points = score(needle, entry.title, entry.words)
        if points:
            scored.append((points + entry.boost, -order, entry))
    scored.sort(key=lambda one: (-one[0], -one[1]))
    return [entry for _, _, entry in scored[:limit]]

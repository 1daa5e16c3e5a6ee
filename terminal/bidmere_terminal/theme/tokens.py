"""Semantic colour and size tokens of every shipped theme: the only place of the program with colour literals.

Sides (buy, sell) are tokens of their own beside profit and loss, so that an East-Asian palette or a colour-blind one
can move them separately (U-235). Soft tones are blended here once and opaque, because painting with alpha is slow.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace


@dataclass(frozen=True, slots=True)
class Theme:
    """Hold one theme: `#rrggbb` strings by meaning, `series` for indicator lines, and whether it is dark.

    `*_fill` are backgrounds that carry `on_fill` text; `*_soft` are quiet backgrounds; the plain ones are for text,
    lines and shapes on `panel`.
    """

    id: str
    title: str
    is_dark: bool
    # surfaces, back to front
    bg: str
    panel: str
    raised: str
    hover: str
    pressed: str
    field: str
    border: str
    border_strong: str
    selection: str
    # text
    text: str
    text_muted: str
    text_faint: str
    on_fill: str
    on_warn: str
    # meaning
    accent: str
    accent_fill: str
    accent_soft: str
    link: str
    focus: str
    warn: str
    warn_fill: str
    warn_soft: str
    danger: str
    danger_fill: str
    danger_soft: str
    danger_border: str
    ok: str
    # market: direction, result, side
    up: str
    up_bar: str
    up_fill: str
    up_soft: str
    up_volume: str
    down: str
    down_bar: str
    down_fill: str
    down_soft: str
    down_volume: str
    profit: str
    loss: str
    buy: str
    buy_fill: str
    buy_hover: str
    buy_soft: str
    sell: str
    sell_fill: str
    sell_hover: str
    sell_soft: str
    mark_buy: str
    mark_sell: str
    # chart furniture
    grid: str
    grid_strong: str
    crosshair: str
    tag: str
    band: str
    level: str
    watermark: str
    series: tuple[str, ...]

    def colour(self, role: str) -> str:
        """Return the colour of a token by its name. Raises KeyError for a name that is no colour token."""
        value = getattr(self, role, None)
        if role in _NOT_COLOURS or not isinstance(value, str):
            raise KeyError(role)
        return value


_NOT_COLOURS = frozenset({"id", "title", "is_dark", "series"})


def colour_roles() -> tuple[str, ...]:
    """Return the names of all colour tokens."""
    return tuple(field.name for field in fields(Theme) if field.name not in _NOT_COLOURS)


@dataclass(frozen=True, slots=True)
class Metrics:
    """Hold the sizes every theme shares, in logical pixels."""

    text_px: int = 12
    caption_px: int = 11
    title_px: int = 13
    row_px: int = 22
    gutter_px: int = 4
    radius_px: int = 4
    icon_px: int = 16


METRICS = Metrics()


def channels(colour: str) -> tuple[int, int, int]:
    """Return red, green and blue of `#rrggbb`, 0 to 255."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def mix(under: str, over: str, share: float) -> str:
    """Blend `over` onto `under` with opacity `share` (0 to 1) into an opaque colour."""
    pairs = zip(channels(under), channels(over), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def luminance(colour: str) -> float:
    """Return the relative luminance of WCAG 2.2, 0 (black) to 1 (white)."""
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in (c / 255 for c in channels(colour))]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of WCAG 2.2, 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


_BLANK = "#000000"


@dataclass(frozen=True, slots=True)
class _Hues:
    """Name the two directions of a palette: for text, for candles, and for filled buttons and tags."""

    up: str
    up_bar: str
    up_fill: str
    down: str
    down_bar: str
    down_fill: str
    mark_buy: str
    mark_sell: str


def _with_hues(theme: Theme, hues: _Hues, buy_is_up: bool = True) -> Theme:
    """Set every market token of a theme from two hues, blending the quiet tones onto its panel."""
    soft, volume = (0.17, 0.30) if theme.is_dark else (0.12, 0.34)
    buy, buy_fill = (hues.up, hues.up_fill) if buy_is_up else (hues.down, hues.down_fill)
    sell, sell_fill = (hues.down, hues.down_fill) if buy_is_up else (hues.up, hues.up_fill)
    return replace(
        theme,
        up=hues.up,
        up_bar=hues.up_bar,
        up_fill=hues.up_fill,
        up_soft=mix(theme.panel, hues.up, soft),
        up_volume=mix(theme.panel, hues.up_bar, volume),
        down=hues.down,
        down_bar=hues.down_bar,
        down_fill=hues.down_fill,
        down_soft=mix(theme.panel, hues.down, soft),
        down_volume=mix(theme.panel, hues.down_bar, volume),
        profit=hues.up,
        loss=hues.down,
        buy=buy,
        buy_fill=buy_fill,
        buy_hover=mix(buy_fill, _BLANK, 0.14),
        buy_soft=mix(theme.panel, buy, soft),
        sell=sell,
        sell_fill=sell_fill,
        sell_hover=mix(sell_fill, _BLANK, 0.14),
        sell_soft=mix(theme.panel, sell, soft),
        mark_buy=hues.mark_buy,
        mark_sell=hues.mark_sell,
    )


_CLASSIC_DARK = _Hues("#12b48c", "#0fa682", "#0b8063", "#f4676c", "#e5484d", "#cf373d", "#5b9dff", "#efb347")
_CLASSIC_LIGHT = _Hues("#066c53", "#0b9473", "#0a8063", "#bb2730", "#dd3d44", "#cf373d", "#1d63dc", "#8f5500")
_CONTRAST_DARK = _Hues("#3fe3b6", "#2fd6a8", "#0b7a5f", "#ff9195", "#ff6b71", "#c52f36", "#8fc0ff", "#ffcf66")
_BLUE_ORANGE_DARK = _Hues("#56b4e9", "#56b4e9", "#1a6fae", "#e69f00", "#e69f00", "#a85d00", "#c5d6ff", "#ffd58a")
_BLUE_ORANGE_LIGHT = _Hues("#0a6299", "#2a86c4", "#1a6fae", "#935100", "#c77700", "#a85d00", "#123f86", "#6b3a00")
_RED_UP_DARK = _Hues("#f4676c", "#e5484d", "#cf373d", "#12b48c", "#0fa682", "#0b8063", "#efb347", "#5b9dff")
_RED_UP_LIGHT = _Hues("#bb2730", "#dd3d44", "#cf373d", "#066c53", "#0b9473", "#0a8063", "#8f5500", "#1d63dc")


def _blank_market() -> dict[str, str]:
    roles = (
        "up",
        "down",
        "up_bar",
        "down_bar",
        "profit",
        "loss",
        "buy",
        "sell",
        "mark_buy",
        "mark_sell",
        "up_fill",
        "up_soft",
        "up_volume",
    )
    more = ("down_fill", "down_soft", "down_volume", "buy_fill", "buy_hover", "buy_soft")
    return dict.fromkeys((*roles, *more, "sell_fill", "sell_hover", "sell_soft"), _BLANK)


_DARK_BASE = Theme(
    id="dark",
    title="Bidmere dark",
    is_dark=True,
    bg="#0b0e13",
    panel="#11151c",
    raised="#171c25",
    hover="#1e2531",
    pressed="#252d3b",
    field="#0c0f15",
    border="#222937",
    border_strong="#323c4e",
    selection="#1a2a45",
    text="#dce1e9",
    text_muted="#98a2b5",
    text_faint="#8a95a9",
    on_fill="#ffffff",
    on_warn="#17120a",
    accent="#5a9bff",
    accent_fill="#2a6ae0",
    accent_soft="#142444",
    link="#6aa5ff",
    focus="#4f93ff",
    warn="#e6ae45",
    warn_fill="#e0a63a",
    warn_soft="#2c2416",
    danger="#ff7d82",
    danger_fill="#cf373d",
    danger_soft="#2f171b",
    danger_border="#7a323a",
    ok="#1fbf95",
    grid="#19202b",
    grid_strong="#232c3b",
    crosshair="#76829a",
    tag="#36415a",
    band="#141a25",
    level="#313c50",
    watermark="#1d2532",
    series=("#e6ae45", "#4c8dff", "#b394ff", "#22bcd2", "#f472b6", "#a3d14f", "#fb8a4c", "#9fb0c7"),
    **_blank_market(),
)

_LIGHT_BASE = Theme(
    id="light",
    title="Bidmere light",
    is_dark=False,
    bg="#e6eaf0",
    panel="#fdfdfe",
    raised="#f2f5f9",
    hover="#e7ecf3",
    pressed="#dbe2ec",
    field="#ffffff",
    border="#dce2ea",
    border_strong="#bcc6d4",
    selection="#dbe8ff",
    text="#151a23",
    text_muted="#4d5768",
    text_faint="#586374",
    on_fill="#ffffff",
    on_warn="#1f1603",
    accent="#1d5fd6",
    accent_fill="#2463dc",
    accent_soft="#e3edff",
    link="#1a58c9",
    focus="#2a6fee",
    warn="#8a5a00",
    warn_fill="#f0b73e",
    warn_soft="#fdf2d8",
    danger="#c2252d",
    danger_fill="#cf373d",
    danger_soft="#fdebec",
    danger_border="#e8a9ac",
    ok="#066c53",
    grid="#eef1f5",
    grid_strong="#e1e6ed",
    crosshair="#77829a",
    tag="#4a566c",
    band="#f5f7fb",
    level="#c9d1dd",
    watermark="#ecf0f5",
    series=("#b0700c", "#2467e8", "#7c48e0", "#0b7f92", "#c22a72", "#547f12", "#c9500f", "#54637a"),
    **_blank_market(),
)

_CONTRAST_BASE = replace(
    _DARK_BASE,
    bg="#000000",
    panel="#000000",
    raised="#101216",
    hover="#23262c",
    pressed="#30343c",
    field="#000000",
    border="#747a85",
    border_strong="#a3a9b4",
    selection="#00366e",
    text="#ffffff",
    text_muted="#e3e6eb",
    text_faint="#c6cbd3",
    accent="#86bcff",
    accent_soft="#06203f",
    link="#9ac7ff",
    focus="#ffd84d",
    warn="#ffd061",
    warn_soft="#2b2000",
    danger="#ff9a9e",
    danger_soft="#330c0f",
    danger_border="#ff9a9e",
    ok="#3fe3b6",
    grid="#1d2026",
    grid_strong="#31363f",
    crosshair="#d5d9e0",
    tag="#4a515e",
    band="#0b0e14",
    level="#767d89",
    watermark="#262a31",
)

_VARIANTS = (
    (_DARK_BASE, _CLASSIC_DARK, "dark", "Bidmere dark"),
    (_LIGHT_BASE, _CLASSIC_LIGHT, "light", "Bidmere light"),
    (_DARK_BASE, _BLUE_ORANGE_DARK, "dark-blue-orange", "Dark, blue and orange (colour-blind safe)"),
    (_LIGHT_BASE, _BLUE_ORANGE_LIGHT, "light-blue-orange", "Light, blue and orange (colour-blind safe)"),
    (_DARK_BASE, _RED_UP_DARK, "dark-red-up", "Dark, red up and green down"),
    (_LIGHT_BASE, _RED_UP_LIGHT, "light-red-up", "Light, red up and green down"),
    (_CONTRAST_BASE, _CONTRAST_DARK, "contrast", "High contrast, dark"),
)

THEMES: dict[str, Theme] = {
    name: replace(_with_hues(base, hues), id=name, title=title) for base, hues, name, title in _VARIANTS
}
"""Every shipped theme by its id, in the order a menu shows them."""

DARK = THEMES["dark"]
LIGHT = THEMES["light"]

"""Every shipped theme is readable: text 4.5 to 1, graphics 3 to 1, colour-blind palettes apart (U-235)."""

from __future__ import annotations

import numpy as np
import pytest

from bidmere_terminal.theme.tokens import THEMES, Theme, channels, colour_roles, contrast, mix

TEXT = ("text", "text_muted", "text_faint", "accent", "link", "warn", "danger", "ok")
MARKET_TEXT = ("up", "down", "profit", "loss", "buy", "sell")
SURFACES = ("bg", "panel", "raised", "field", "hover", "selection")
FILLS = (
    "accent_fill",
    "danger_fill",
    "buy_fill",
    "sell_fill",
    "up_fill",
    "down_fill",
    "buy_hover",
    "sell_hover",
    "tag",
)
ON_FILLS = {
    "on_fill": FILLS,
    "on_warn": ("warn_fill",),
    "danger": ("danger_soft",),
    "warn": ("warn_soft",),
    "text": ("accent_soft", "pressed"),
    "accent": ("accent_soft",),
    "buy": ("buy_soft",),
    "sell": ("sell_soft",),
}
GRAPHICS = ("up_bar", "down_bar", "mark_buy", "mark_sell", "crosshair", "focus", "accent", "text_muted")
PROTANOPIA = np.array(
    [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
)
DEUTERANOPIA = np.array(
    [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
)

themes = pytest.mark.parametrize("theme", THEMES.values(), ids=list(THEMES))


@themes
def test_u235_text_is_readable_on_every_surface(theme: Theme) -> None:
    pairs = [(ink, ground) for ink in (*TEXT, *MARKET_TEXT) for ground in SURFACES]
    pairs += [(ink, ground) for ink, grounds in ON_FILLS.items() for ground in grounds]
    weak = {(a, b): round(contrast(theme.colour(a), theme.colour(b)), 2) for a, b in pairs}
    assert {pair: ratio for pair, ratio in weak.items() if ratio < 4.5} == {}


@themes
def test_u235_graphics_stand_out(theme: Theme) -> None:
    colours = {role: theme.colour(role) for role in GRAPHICS} | {f"series {k}": c for k, c in enumerate(theme.series)}
    weak = {role: round(contrast(colour, theme.panel), 2) for role, colour in colours.items()}
    assert {role: ratio for role, ratio in weak.items() if ratio < 3.0} == {}


def lab(colour: str, sight: np.ndarray) -> np.ndarray:
    value = np.array(channels(colour)) / 255.0
    linear = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]) @ np.clip(
        sight @ linear, 0.0, 1.0
    )
    scaled = xyz / np.array([0.9505, 1.0, 1.089])
    root = np.where(scaled > 0.008856, np.cbrt(scaled), 7.787 * scaled + 16 / 116)
    return np.array([116 * root[1] - 16, 500 * (root[0] - root[1]), 200 * (root[1] - root[2])])


@themes
def test_u235_directions_differ_for_colour_blind_eyes(theme: Theme) -> None:
    if "blue-orange" not in theme.id:
        assert "colour-blind safe" not in theme.title
    for one, other in (("up_bar", "down_bar"), ("buy", "sell"), ("profit", "loss"), ("up_volume", "down_volume")):
        for sight in (PROTANOPIA, DEUTERANOPIA):
            distance = np.linalg.norm(lab(theme.colour(one), sight) - lab(theme.colour(other), sight))
            least = 20.0 if "blue-orange" in theme.id and one != "up_volume" else 6.0 if one != "up_volume" else 0.0
            assert distance >= least, (one, other, distance)


@themes
def test_every_token_is_an_opaque_colour(theme: Theme) -> None:
    for role in colour_roles():
        assert len(theme.colour(role)) == 7
        assert channels(theme.colour(role)) <= (255, 255, 255)
    with pytest.raises(KeyError):
        theme.colour("title")
    with pytest.raises(KeyError):
        theme.colour("no_such_role")


def test_side_and_result_are_tokens_of_their_own() -> None:
    assert THEMES["dark-red-up"].up == THEMES["dark"].down
    assert THEMES["dark-red-up"].profit == THEMES["dark-red-up"].up
    assert {"buy", "sell", "profit", "loss", "up", "down"} <= set(colour_roles())


def test_contrast_and_blending_know_their_ends() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert mix("#000000", "#ffffff", 0.5) == "#808080"
    assert mix("#123456", "#ffffff", 0.0) == "#123456"

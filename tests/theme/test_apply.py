"""Themes, fonts and icons reach the widgets, and no colour hides outside the tokens."""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path

import pytest
from PySide6.QtGui import QFontInfo, QFontMetricsF, QPalette
from PySide6.QtWidgets import QApplication, QPushButton, QToolButton

from bidmere_terminal import theme
from bidmere_terminal.theme.icons import icon_names
from bidmere_terminal.theme.stylesheet import stylesheet

TERMINAL = Path(theme.__file__).resolve().parents[1]
COLOUR_CALLS = re.compile(
    r"QColor\(\s*\d|\.fromRgb|\.fromHsv|setNamedColor|\brgba?\(\s*\d|GlobalColor\.(?!transparent)"
)


def test_a_theme_reaches_palette_sheet_and_listeners(qapp: QApplication) -> None:
    heard: list[object] = []
    theme.theme_changes().changed.connect(heard.append)
    theme.apply_theme(qapp, theme.LIGHT)
    try:
        assert theme.current() is theme.LIGHT
        assert heard == [theme.LIGHT]
        assert qapp.palette().color(QPalette.ColorRole.Window).name() == theme.LIGHT.panel
        assert theme.LIGHT.accent_fill in qapp.styleSheet()
        assert qapp.style().objectName().lower() in ("fusion", "")
    finally:
        theme.theme_changes().changed.disconnect(heard.append)
        theme.apply_theme(qapp, theme.DARK)


@pytest.mark.parametrize("weight", [400, 500, 600])
def test_digits_have_one_width(qapp: QApplication, weight: int) -> None:
    theme.apply_theme(qapp, theme.DARK)
    font = theme.ui_font(12, weight)
    assert QFontInfo(font).family() == "Inter"
    metrics = QFontMetricsF(font)
    assert len({round(metrics.horizontalAdvance(digit * 20), 3) for digit in "0123456789"}) == 1


def test_shipped_files_carry_their_licences() -> None:
    root = resources.files("bidmere_resources")
    assert "SIL OPEN FONT LICENSE" in (root / "fonts" / "LICENSE-Inter-OFL.txt").read_text(encoding="utf-8").upper()
    assert "ISC License" in (root / "icons" / "LICENSE-lucide-ISC.txt").read_text(encoding="utf-8")
    assert len(icon_names()) >= 45


@pytest.mark.parametrize("name", icon_names())
def test_every_icon_draws_something_in_its_colour(qapp: QApplication, name: str) -> None:
    theme.apply_theme(qapp, theme.DARK)
    image = theme.icon_pixmap(name, "accent", 16, 2.0).toImage()
    assert image.width() == 32
    strongest = max((image.pixelColor(x, y) for x in range(32) for y in range(32)), key=lambda colour: colour.alpha())
    assert strongest.alpha() > 120
    assert strongest.blue() > strongest.red()


def test_an_unknown_icon_is_refused(qapp: QApplication) -> None:
    with pytest.raises(KeyError):
        theme.icon("no-such-icon")
    with pytest.raises(KeyError):
        theme.icon("bell", "no_such_role")


def test_bound_icons_follow_the_theme_and_outlive_their_buttons(qapp: QApplication) -> None:
    theme.apply_theme(qapp, theme.DARK)
    button, gone = QToolButton(), QToolButton()
    theme.bind_icon(button, "bell")
    theme.bind_icon(gone, "bell")
    before = button.icon().pixmap(16, 16).toImage()
    gone.deleteLater()
    qapp.sendPostedEvents()
    del gone
    theme.apply_theme(qapp, theme.LIGHT)
    assert button.icon().pixmap(16, 16).toImage() != before
    theme.apply_theme(qapp, theme.DARK)
    button.deleteLater()


@pytest.mark.parametrize("name", list(theme.THEMES))
def test_the_style_sheet_is_complete_and_colours_every_kind(qapp: QApplication, name: str) -> None:
    text = stylesheet(theme.THEMES[name], {"check": "/x/check.png"})
    assert "{" + "bg" not in text
    assert 'url("/x/check.png")' in text
    for kind in ("primary", "buy", "sell", "danger", "seg", "chip", "flat"):
        assert f'QPushButton[kind="{kind}"]' in text


def test_u28_a_focused_button_shows_a_ring(qapp: QApplication) -> None:
    theme.apply_theme(qapp, theme.DARK)
    for kind in ("primary", "buy", "sell", "danger", "seg", "chip", "flat"):
        button = QPushButton("Text")
        button.setProperty("kind", kind)
        button.resize(120, 40)
        button.show()
        button.clearFocus()
        plain = button.grab().toImage()
        button.activateWindow()
        button.setFocus()
        if button.hasFocus():
            assert button.grab().toImage() != plain, kind
        button.close()
        button.deleteLater()


def test_no_colour_is_made_outside_the_tokens() -> None:
    found = []
    for file in TERMINAL.rglob("*.py"):
        if file.name == "tokens.py" and file.parent.name == "theme":
            continue
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            if COLOUR_CALLS.search(line) or re.search(r"['\"]#[0-9a-fA-F]{3,8}['\"]", line):
                found.append(f"{file.name}:{number}")
    assert found == []


def test_the_program_has_an_icon_of_its_own(qapp: QApplication) -> None:
    assert not theme.app_icon().isNull()
    assert theme.app_icon().pixmap(64, 64).width() == 64

"""Put a theme onto the application: Fusion, palette, Inter with tabular figures, and the style sheet."""

from __future__ import annotations

from functools import cache
from importlib import resources

from PySide6.QtCore import QObject, QTemporaryDir, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QPalette
from PySide6.QtWidgets import QApplication

from bidmere_terminal.theme import icons
from bidmere_terminal.theme.stylesheet import stylesheet
from bidmere_terminal.theme.tokens import DARK, METRICS, Theme

FAMILY = "Inter"
_WEIGHTS = ("Regular", "Medium", "SemiBold")


class ThemeChanges(QObject):
    """Tell whoever caches pens, fonts or icons that they are out of date."""

    changed = Signal(object)  # Theme


class _State:
    """Hold what the one application of the process looks like now."""

    def __init__(self) -> None:
        self.theme: Theme = DARK
        self.changes: ThemeChanges | None = None
        self.images: QTemporaryDir | None = None


_state = _State()


def theme_changes() -> ThemeChanges:
    """Return the object whose `changed(Theme)` signal follows every `apply_theme`."""
    if _state.changes is None:
        _state.changes = ThemeChanges()
    return _state.changes


def current() -> Theme:
    """Return the theme in force; Bidmere dark before the first `apply_theme`."""
    return _state.theme


@cache
def load_fonts() -> bool:
    """Register the shipped Inter weights once; False when the platform refused, and its own font then serves."""
    folder = resources.files("bidmere_resources") / "fonts"
    added = [QFontDatabase.addApplicationFontFromData((folder / f"Inter-{w}.ttf").read_bytes()) for w in _WEIGHTS]
    return all(number >= 0 for number in added)


@cache
def ui_font(px: int = METRICS.text_px, weight: int = 400, tabular: bool = True) -> QFont:
    """Return Inter at `px` logical pixels; `tabular` gives every digit one width. Weights: 400, 500, 600."""
    font = QFont(FAMILY)
    font.setPixelSize(px)
    font.setWeight(QFont.Weight(weight))
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    if tabular:
        font.setFeature(QFont.Tag("tnum"), 1)
    return font


def palette(theme: Theme) -> QPalette:
    """Return the Qt palette of a theme, disabled group included."""
    role = QPalette.ColorRole
    result = QPalette()
    for target, token in (
        (role.Window, "panel"),
        (role.Base, "field"),
        (role.AlternateBase, "raised"),
        (role.Text, "text"),
        (role.WindowText, "text"),
        (role.Button, "raised"),
        (role.ButtonText, "text"),
        (role.BrightText, "on_fill"),
        (role.Highlight, "selection"),
        (role.HighlightedText, "text"),
        (role.ToolTipBase, "raised"),
        (role.ToolTipText, "text"),
        (role.PlaceholderText, "text_faint"),
        (role.Light, "border_strong"),
        (role.Midlight, "hover"),
        (role.Mid, "border"),
        (role.Dark, "border"),
        (role.Shadow, "bg"),
        (role.Link, "link"),
        (role.LinkVisited, "link"),
        (role.Accent, "accent_fill"),
    ):
        result.setColor(target, QColor(theme.colour(token)))
    for target in (role.Text, role.WindowText, role.ButtonText):
        result.setColor(QPalette.ColorGroup.Disabled, target, QColor(theme.text_faint))
    return result


def apply_theme(app: QApplication, theme: Theme) -> None:
    """Dress the whole application and then emit `theme_changes().changed`."""
    load_fonts()
    _state.theme = theme
    app.setStyle("Fusion")
    app.setPalette(palette(theme))
    app.setFont(ui_font())
    app.setStyleSheet(stylesheet(theme, _indicator_images(theme)))
    theme_changes().changed.emit(theme)


def _indicator_images(theme: Theme) -> dict[str, str]:
    """Write the few glyphs a style sheet can only take as files, in the theme's colours; the folder goes at exit."""
    if _state.images is None:
        _state.images = QTemporaryDir()
    if not _state.images.isValid():
        return {}
    result: dict[str, str] = {}
    for key, name, colour in (
        ("check", "check", theme.on_fill),
        ("dash", "minus", theme.on_fill),
        ("down", "chevron-down", theme.text_muted),
        ("up", "chevron-up", theme.text_muted),
        ("right", "chevron-right", theme.text_muted),
    ):
        base = _state.images.filePath(f"{theme.id}-{key}")
        icons.render(name, colour, 12, 1.0).save(f"{base}.png")
        icons.render(name, colour, 12, 2.0).save(f"{base}@2x.png")
        result[key] = f"{base}.png".replace("\\", "/")
    return result

"""Look of the terminal: tokens, fonts, icons and the style sheet made from them."""

from bidmere_terminal.theme.apply import apply_theme, current, theme_changes, ui_font
from bidmere_terminal.theme.icons import app_icon, bind_icon, icon, icon_pixmap
from bidmere_terminal.theme.tokens import DARK, LIGHT, METRICS, THEMES, Theme

__all__ = [
    "DARK",
    "LIGHT",
    "METRICS",
    "THEMES",
    "Theme",
    "app_icon",
    "apply_theme",
    "bind_icon",
    "current",
    "icon",
    "icon_pixmap",
    "theme_changes",
    "ui_font",
]

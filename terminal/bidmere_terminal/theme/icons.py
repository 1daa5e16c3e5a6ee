"""Icons: lucide outlines recoloured to a token and rendered sharp at every scale factor."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Protocol
from weakref import WeakKeyDictionary

from PySide6.QtCore import QByteArray, QObject, QRectF, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer
from shiboken6 import isValid

from bidmere_terminal.theme.tokens import METRICS, Theme

_SCALES = (1.0, 2.0, 3.0)
_STROKE = 1.75


class HasIcon(Protocol):
    """Describe what `bind_icon` needs: a button, an action, a tool button."""

    def setIcon(self, icon: QIcon, /) -> None: ...


def _theme() -> Theme:
    from bidmere_terminal.theme.apply import current

    return current()


@cache
def _source(name: str) -> str:
    file = resources.files("bidmere_resources") / "icons" / f"{name}.svg"
    if not file.is_file():
        raise KeyError(f"There is no icon named {name!r} among the shipped ones.")
    return file.read_text(encoding="utf-8")


def icon_names() -> tuple[str, ...]:
    """Return the names of all shipped icons, sorted."""
    folder = resources.files("bidmere_resources") / "icons"
    return tuple(sorted(file.name.removesuffix(".svg") for file in folder.iterdir() if file.name.endswith(".svg")))


def render(name: str, colour: str, px: int, scale: float) -> QPixmap:
    """Draw one icon in a colour (`#rrggbb`) at `px` logical pixels for a scale factor. Raises KeyError."""
    text = _source(name).replace("currentColor", colour).replace('stroke-width="2"', f'stroke-width="{_STROKE}"')
    return _render_svg(text.encode(), px, scale)


def _render_svg(data: bytes, px: int, scale: float) -> QPixmap:
    side = round(px * scale)
    pixmap = QPixmap(side, side)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    try:
        QSvgRenderer(QByteArray(data)).render(painter, QRectF(0, 0, side, side))
    finally:
        painter.end()
    pixmap.setDevicePixelRatio(scale)
    return pixmap


@cache
def _pixmap(name: str, colour: str, px: int, scale: float) -> QPixmap:
    return render(name, colour, px, scale)


def icon_pixmap(name: str, role: str = "text_muted", px: int = METRICS.icon_px, scale: float = 1.0) -> QPixmap:
    """Return one icon as a pixmap in the colour of a token of the current theme. Raises KeyError."""
    return _pixmap(name, _theme().colour(role), px, scale)


@cache
def _icon(name: str, normal: str, active: str, disabled: str, px: int) -> QIcon:
    result = QIcon()
    for mode, colour in (
        (QIcon.Mode.Normal, normal),
        (QIcon.Mode.Active, active),
        (QIcon.Mode.Selected, active),
        (QIcon.Mode.Disabled, disabled),
    ):
        for scale in _SCALES:
            result.addPixmap(_pixmap(name, colour, px, scale), mode)
    return result


def icon(name: str, role: str = "text_muted", px: int = METRICS.icon_px) -> QIcon:
    """Return an icon in the colour of a token of the current theme, brighter under the pointer. Raises KeyError."""
    theme = _theme()
    active = theme.text if role in ("text_muted", "text_faint") else theme.colour(role)
    return _icon(name, theme.colour(role), active, theme.border_strong, px)


class _Bindings(QObject):
    """Recolour every bound icon when the theme changes; forget targets that are gone."""

    def __init__(self) -> None:
        super().__init__()
        self.targets: WeakKeyDictionary[HasIcon, tuple[str, str, int]] = WeakKeyDictionary()
        from bidmere_terminal.theme.apply import theme_changes

        theme_changes().changed.connect(self.repaint)

    def repaint(self, _theme: object) -> None:
        for target, (name, role, px) in list(self.targets.items()):
            if isValid(target):
                target.setIcon(icon(name, role, px))


@cache
def _bindings() -> _Bindings:
    return _Bindings()


def bind_icon(target: HasIcon, name: str, role: str = "text_muted", px: int = METRICS.icon_px) -> None:
    """Give a button or action an icon that follows theme changes; a second call replaces the first."""
    target.setIcon(icon(name, role, px))
    _bindings().targets[target] = (name, role, px)


@cache
def app_icon() -> QIcon:
    """Return the program's own icon in the sizes window managers ask for."""
    data = (resources.files("bidmere_resources") / "brand" / "bidmere.svg").read_bytes()
    result = QIcon()
    for px in (16, 24, 32, 48, 64, 128, 256):
        result.addPixmap(_render_svg(data, px, 1.0))
    return result

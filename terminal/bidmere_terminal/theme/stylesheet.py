"""The one style sheet of the program, made from tokens.

Push buttons take a dynamic property `kind`: primary, buy, sell, danger, seg, chip, flat. Labels take `role`: muted,
caption, title, figure. Every control that can hold the keyboard shows a ring when it does (U-28).
"""

from __future__ import annotations

from dataclasses import asdict

from bidmere_terminal.theme.tokens import METRICS, Theme

_SURFACES = """
* {{ outline: 0; }}
QMainWindow, QDialog, QWidget[surface="bg"] {{ background: {bg}; }}
QWidget[surface="panel"], QDockWidget > QWidget {{ background: {panel}; }}
QWidget[surface="raised"] {{ background: {raised}; }}
QMainWindow::separator {{ background: {bg}; width: {gutter_px}px; height: {gutter_px}px; }}
QMainWindow::separator:hover {{ background: {accent_fill}; }}
QDockWidget {{ color: {text_muted}; border: none; }}
QSplitter::handle {{ background: {bg}; }}
QSplitter::handle:hover {{ background: {accent_fill}; }}
QFrame[line="h"] {{ background: {border}; max-height: 1px; min-height: 1px; border: none; }}
QFrame[line="v"] {{ background: {border}; max-width: 1px; min-width: 1px; border: none; }}
QStatusBar {{ background: {panel}; color: {text_muted}; border-top: 1px solid {border}; }}
QStatusBar::item {{ border: none; }}
QToolBar {{ background: {panel}; border: none; border-bottom: 1px solid {border}; spacing: 4px; padding: 4px 8px; }}
QToolBar::separator {{ background: {border_strong}; width: 1px; margin: 5px 6px; }}
QToolTip {{ background: {raised}; color: {text}; border: 1px solid {border_strong}; padding: 4px 7px; }}
QScrollArea, QStackedWidget {{ background: transparent; border: none; }}
"""

_TEXT = """
QLabel {{ background: transparent; color: {text}; }}
QLabel[role="muted"] {{ color: {text_muted}; }}
QLabel[role="caption"] {{ color: {text_faint}; font-size: {caption_px}px; }}
QLabel[role="title"] {{ color: {text}; font-size: {title_px}px; font-weight: 600; }}
QLabel[role="figure"] {{ color: {text}; font-weight: 600; }}
QLabel[tone="profit"] {{ color: {profit}; }}
QLabel[tone="loss"] {{ color: {loss}; }}
QLabel[tone="warn"] {{ color: {warn}; }}
QLabel[tone="danger"] {{ color: {danger}; }}
QLabel[tone="ok"] {{ color: {ok}; }}
QLabel:disabled {{ color: {text_faint}; }}
"""

_TABS = """
QTabWidget::pane {{ border: none; background: {panel}; }}
QTabBar {{ qproperty-drawBase: 0; background: {bg}; }}
QTabBar::tab {{ background: transparent; color: {text_muted}; padding: 5px 12px; border: none;
  border-bottom: 2px solid transparent; }}
QTabBar::tab:selected {{ color: {text}; border-bottom: 2px solid {accent}; background: {panel}; }}
QTabBar::tab:hover:!selected {{ color: {text}; background: {hover}; }}
QTabBar::tab:selected:focus {{ border: 1px solid {focus}; border-bottom: 2px solid {focus}; padding: 4px 11px; }}
QTabBar::tab:disabled {{ color: {text_faint}; }}
"""

_TABLES = """
QAbstractItemView {{ background: {panel}; alternate-background-color: {raised}; border: none; color: {text};
  selection-background-color: {selection}; selection-color: {text}; }}
QTableView {{ gridline-color: {border}; border: 1px solid transparent; }}
QTableView:focus, QTreeView:focus, QListView:focus {{ border: 1px solid {focus}; }}
QTableView::item, QTreeView::item, QListView::item {{ padding: 0 8px; border: none; }}
QTableView::item:hover, QListView::item:hover {{ background: {hover}; }}
QTableView::item:selected, QListView::item:selected, QTreeView::item:selected {{
  background: {selection}; color: {text}; }}
QHeaderView {{ background: {panel}; border: none; }}
QHeaderView::section {{ background: {panel}; color: {text_faint}; border: none; border-bottom: 1px solid {border};
  padding: 0 8px; font-size: {caption_px}px; font-weight: 400; min-height: {row_px}px; }}
QHeaderView::section:hover {{ color: {text}; background: {hover}; }}
QTableCornerButton::section {{ background: {panel}; border: none; }}
"""

_INPUTS = """
QLineEdit, QAbstractSpinBox, QComboBox, QPlainTextEdit, QTextEdit {{ background: {field}; color: {text};
  border: 1px solid {border_strong}; border-radius: {radius_px}px; padding: 3px 8px; min-height: 20px;
  selection-background-color: {accent_fill}; selection-color: {on_fill}; }}
QLineEdit:hover, QAbstractSpinBox:hover, QComboBox:hover {{ border-color: {text_faint}; }}
QLineEdit:focus, QAbstractSpinBox:focus, QComboBox:focus, QComboBox:on, QPlainTextEdit:focus, QTextEdit:focus {{
  border: 1px solid {focus}; }}
QLineEdit:disabled, QAbstractSpinBox:disabled, QComboBox:disabled {{ color: {text_faint}; background: {panel};
  border-color: {border}; }}
QLineEdit[invalid="true"], QAbstractSpinBox[invalid="true"] {{ border: 1px solid {danger}; }}
QPlainTextEdit[plain="true"] {{ border: none; background: {panel}; }}
QAbstractSpinBox {{ padding-right: 18px; }}
QAbstractSpinBox QLineEdit {{ background: transparent; border: none; border-radius: 0; padding: 0 0 0 4px; }}
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button {{ width: 16px; border: none; background: transparent; }}
QAbstractSpinBox::up-arrow {{ image: {image_up}; width: 10px; height: 10px; }}
QAbstractSpinBox::down-arrow {{ image: {image_down}; width: 10px; height: 10px; }}
QComboBox {{ padding-right: 22px; }}
QComboBox::drop-down {{ border: none; width: 22px; subcontrol-origin: border; subcontrol-position: center right; }}
QComboBox::down-arrow {{ image: {image_down}; width: 12px; height: 12px; }}
QComboBox QAbstractItemView {{ background: {raised}; border: 1px solid {border_strong}; padding: 4px; }}
QComboBox QAbstractItemView::item {{ min-height: {row_px}px; border-radius: {radius_px}px; padding: 0 6px; }}
QCheckBox, QRadioButton {{ background: transparent; color: {text}; spacing: 7px; padding: 2px;
  border: 1px solid transparent; border-radius: {radius_px}px; }}
QCheckBox:focus, QRadioButton:focus {{ border: 1px solid {focus}; }}
QCheckBox:disabled, QRadioButton:disabled {{ color: {text_faint}; }}
QCheckBox::indicator, QRadioButton::indicator {{ width: 14px; height: 14px; background: {field};
  border: 1px solid {text_faint}; border-radius: 3px; }}
QRadioButton::indicator {{ border-radius: 8px; }}
QCheckBox::indicator:hover, QRadioButton::indicator:hover {{ border-color: {text}; }}
QCheckBox::indicator:checked {{ background: {accent_fill}; border-color: {accent_fill}; image: {image_check}; }}
QCheckBox::indicator:indeterminate {{ background: {accent_fill}; border-color: {accent_fill}; image: {image_dash}; }}
QRadioButton::indicator:checked {{ background: {on_fill}; border: 4px solid {accent_fill}; width: 8px; height: 8px; }}
QSlider::groove:horizontal {{ height: 4px; background: {border_strong}; border-radius: 2px; }}
QSlider::sub-page:horizontal {{ background: {accent_fill}; border-radius: 2px; }}
QSlider::handle:horizontal {{ background: {text}; width: 12px; height: 12px; margin: -4px 0; border-radius: 6px; }}
QSlider::handle:horizontal:focus {{ border: 2px solid {focus}; width: 8px; height: 8px; }}
QProgressBar {{ background: {border}; border: none; border-radius: 2px; max-height: 4px; min-height: 4px; }}
QProgressBar::chunk {{ background: {accent_fill}; border-radius: 2px; }}
"""

_BUTTONS = """
QPushButton {{ background: {raised}; color: {text}; border: 1px solid {border_strong};
  border-radius: {radius_px}px; padding: 3px 10px; min-height: 20px; }}
QPushButton:hover {{ background: {hover}; }}
QPushButton:pressed {{ background: {pressed}; }}
QPushButton:checked {{ background: {accent_soft}; border-color: {accent}; }}
QPushButton:disabled {{ color: {text_faint}; border-color: {border}; background: {panel}; }}
QPushButton:focus {{ border: 1px solid {focus}; }}
QPushButton[kind="primary"] {{ background: {accent_fill}; border-color: {accent_fill}; color: {on_fill};
  font-weight: 600; }}
QPushButton[kind="primary"]:hover {{ background: {accent}; color: {on_accent}; }}
QPushButton[kind="buy"], QPushButton[kind="sell"] {{ color: {on_fill}; font-weight: 600; font-size: {title_px}px;
  min-height: 30px; border: 2px solid transparent; }}
QPushButton[kind="buy"] {{ background: {buy_fill}; }}
QPushButton[kind="sell"] {{ background: {sell_fill}; }}
QPushButton[kind="buy"]:hover {{ background: {buy_hover}; }}
QPushButton[kind="sell"]:hover {{ background: {sell_hover}; }}
QPushButton[kind="buy"]:checked, QPushButton[kind="sell"]:checked {{ border-color: {text}; }}
QPushButton[kind="danger"] {{ background: {danger_soft}; border: 1px solid {danger_border}; color: {danger};
  font-weight: 600; }}
QPushButton[kind="danger"]:hover {{ background: {danger_fill}; border-color: {danger_fill}; color: {on_fill}; }}
QPushButton[kind="seg"] {{ background: transparent; border: 1px solid transparent; color: {text_muted};
  padding: 2px 7px; min-height: 18px; }}
QPushButton[kind="seg"]:hover {{ background: {hover}; color: {text}; }}
QPushButton[kind="seg"]:checked {{ background: {pressed}; color: {text}; border-color: {border_strong}; }}
QPushButton[kind="chip"] {{ background: {raised}; border: 1px solid {border}; color: {text_muted}; border-radius: 9px;
  padding: 0 8px; min-height: 16px; font-size: {caption_px}px; }}
QPushButton[kind="chip"]:hover {{ color: {text}; border-color: {border_strong}; }}
QPushButton[kind="chip"]:checked {{ background: {accent_soft}; border-color: {accent}; color: {text}; }}
QPushButton[kind="chip"][tone="paper"] {{ background: {warn_soft}; border-color: {warn}; color: {warn};
  font-weight: 600; }}
QPushButton[kind="chip"][tone="live"] {{ background: {danger_fill}; border-color: {danger_fill}; color: {on_fill};
  font-weight: 600; }}
QPushButton[kind="flat"], QToolButton {{ background: transparent; border: 1px solid transparent;
  border-radius: {radius_px}px; padding: 3px 6px; color: {text_muted}; }}
QPushButton[kind="flat"]:hover, QToolButton:hover {{ background: {hover}; color: {text}; }}
QToolButton:pressed {{ background: {pressed}; }}
QToolButton:checked {{ background: {pressed}; color: {text}; }}
QToolButton:disabled, QPushButton[kind="flat"]:disabled {{ color: {text_faint}; }}
QToolButton::menu-indicator {{ image: none; }}
QPushButton::menu-indicator {{ image: {image_down}; width: 10px; height: 10px;
  subcontrol-origin: padding; subcontrol-position: center right; right: 6px; }}
QPushButton[kind]:focus, QToolButton:focus {{ border: 1px solid {focus}; }}
QPushButton[kind="buy"]:focus, QPushButton[kind="sell"]:focus, QPushButton[kind="primary"]:focus {{
  border: 2px solid {text}; }}
QPushButton[kind="buy"]:disabled, QPushButton[kind="sell"]:disabled, QPushButton[kind="primary"]:disabled,
QPushButton[kind="danger"]:disabled {{ background: {raised}; border-color: {border}; color: {text_faint}; }}
"""

_MENUS = """
QMenuBar {{ background: {panel}; color: {text_muted}; }}
QMenuBar::item {{ padding: 4px 9px; border-radius: {radius_px}px; background: transparent; }}
QMenuBar::item:selected {{ background: {hover}; color: {text}; }}
QMenu {{ background: {raised}; color: {text}; border: 1px solid {border_strong}; padding: 4px; }}
QMenu::item {{ padding: 4px 26px 4px 10px; border-radius: {radius_px}px; min-height: 16px; }}
QMenu::item:selected {{ background: {selection}; }}
QMenu::item:disabled {{ color: {text_faint}; }}
QMenu::separator {{ height: 1px; background: {border}; margin: 4px 6px; }}
QMenu::icon {{ padding-left: 8px; }}
QMenu::right-arrow {{ image: {image_right}; width: 10px; height: 10px; margin-right: 6px; }}
QMenu::indicator {{ width: 12px; height: 12px; margin-left: 8px; }}
QMenu::indicator:checked {{ background: {accent_fill}; border-radius: 3px; image: {image_check}; }}
"""

_SCROLLBARS = """
QScrollBar:vertical {{ background: transparent; width: 10px; margin: 0; border: none; }}
QScrollBar:horizontal {{ background: transparent; height: 10px; margin: 0; border: none; }}
QScrollBar::handle:vertical {{ background: {border_strong}; border-radius: 3px; min-height: 28px; margin: 2px; }}
QScrollBar::handle:horizontal {{ background: {border_strong}; border-radius: 3px; min-width: 28px; margin: 2px; }}
QScrollBar::handle:hover {{ background: {text_faint}; }}
QScrollBar::add-line, QScrollBar::sub-line, QScrollBar::add-page, QScrollBar::sub-page {{ background: none;
  border: none; width: 0; height: 0; }}
QAbstractScrollArea::corner {{ background: transparent; border: none; }}
"""

_SHEET = "".join((_SURFACES, _TEXT, _TABS, _TABLES, _INPUTS, _BUTTONS, _MENUS, _SCROLLBARS))


def stylesheet(theme: Theme, images: dict[str, str] | None = None) -> str:
    """Return the style sheet of a theme; `images` maps check, dash, up, down, right to picture files."""
    words: dict[str, object] = {**asdict(theme), **asdict(METRICS)}
    words["on_accent"] = theme.bg if theme.is_dark else theme.on_fill
    for key in ("check", "dash", "down", "up", "right"):
        words[f"image_{key}"] = f'url("{images[key]}")' if images and key in images else "none"
    return _SHEET.format(**words)

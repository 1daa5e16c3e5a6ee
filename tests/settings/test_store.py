"""Settings survive everything a disk can do to them."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bidmere.errors import InvalidInput
from bidmere.settings.schema import DeskSettings
from bidmere.settings.store import SettingsStore


def store(folder: Path) -> SettingsStore[DeskSettings]:
    return SettingsStore(folder / "settings.json", DeskSettings())


def test_a_change_is_on_disk_at_once_and_only_what_differs(tmp_path: Path) -> None:
    store(tmp_path).set("theme", "light")
    assert json.loads((tmp_path / "settings.json").read_text())["settings"] == {"theme": "light"}
    assert store(tmp_path).value.theme == "light"
    assert [file.name for file in tmp_path.iterdir()] == ["settings.json"]


def test_listeners_hear_changes_but_not_repeats(tmp_path: Path) -> None:
    heard: list[tuple[str, object]] = []
    one = store(tmp_path)
    one.subscribe(lambda name, value: heard.append((name, value)))
    one.set("density", "roomy")
    one.set("density", "roomy")
    assert heard == [("density", "roomy")]


@pytest.mark.parametrize(
    ("name", "value"), [("density", "huge"), ("duplicate_window_ms", 5), ("theme", 3), ("nothing", 1), ("account", 1)]
)
def test_wrong_values_are_refused_and_nothing_changes(tmp_path: Path, name: str, value: object) -> None:
    one = store(tmp_path)
    with pytest.raises(InvalidInput):
        one.set(name, value)
    assert one.value == DeskSettings()


def test_one_wrong_value_costs_only_itself(tmp_path: Path) -> None:
    document = {"version": 1, "settings": {"theme": "light", "density": 7, "of_a_later_version": True}}
    (tmp_path / "settings.json").write_text(json.dumps(document))
    one = store(tmp_path)
    assert one.value == DeskSettings(theme="light")
    assert len(one.problems) == 1
    assert "density" in one.problems[0]


@settings(max_examples=60, deadline=None)
@given(damage=st.binary(max_size=200))
def test_a_damaged_file_is_kept_aside_and_said(tmp_path_factory: pytest.TempPathFactory, damage: bytes) -> None:
    folder = tmp_path_factory.mktemp("profile")
    path = folder / "settings.json"
    path.write_bytes(damage)
    one = store(folder)
    assert one.value == DeskSettings()
    assert len(one.problems) == 1
    assert (folder / "settings.json.damaged").read_bytes() == damage
    one.set("theme", "light")
    assert store(folder).value.theme == "light"

"""Safe names."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidmere.errors import InvalidInput
from bidmere.storage.names import name_text, safe_name


@given(st.text(min_size=1, max_size=12))
def test_names_are_reversible_and_stay_in_their_folder(text: str) -> None:
    name = safe_name(text)
    assert name_text(name) == text
    assert Path(name).name == name
    assert name.upper() == name


@pytest.mark.parametrize("text", ["..", "../../etc/passwd", "a/b", "a\\b", "CON", "BTC/USDT:USDT", ".", "C:"])
def test_hostile_names_are_encoded(tmp_path: Path, text: str) -> None:
    path = tmp_path / safe_name(text)
    assert path.resolve().parent == tmp_path.resolve()
    assert safe_name(text) not in ("CON", ".", "..")


@pytest.mark.parametrize("text", ["", "x" * 500])
def test_names_that_cannot_be_are_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        safe_name(text)

"""The command line as a person meets it: what was printed where, and the exit code."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from bidmere.cli import main


@dataclass(frozen=True)
class Answer:
    """One command's end."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON document on standard output."""
        return json.loads(self.out)

    @property
    def sentence(self) -> str:
        """The one line on standard error; fails when there is not exactly one, or it is a traceback."""
        lines = self.err.splitlines()
        assert [line[:9] for line in lines] == ["bidmere: "], self.err
        text = lines[0].removeprefix("bidmere: ")
        assert text.strip() == text
        return text


@pytest.fixture
def bidmere(capsys: pytest.CaptureFixture[str]) -> Callable[..., Answer]:
    """Run a command: `bidmere("data", "list", "--json")`."""

    def run(*arguments: object) -> Answer:
        code = main([str(one) for one in arguments])
        printed = capsys.readouterr()
        return Answer(code, printed.out, printed.err)

    return run

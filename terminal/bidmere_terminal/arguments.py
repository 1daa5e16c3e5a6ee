"""The command line of the desk, with errors a person can act on."""

from __future__ import annotations

import argparse
import math
import sys
from pathlib import Path
from typing import NoReturn

from bidmere._version import __version__
from bidmere.errors import InvalidInput
from bidmere_terminal.theme.tokens import THEMES

EXIT_USAGE = 2


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(EXIT_USAGE, f"bidmere: {message[0].upper()}{message[1:]}. Try --help.\n")


def _size(text: str) -> tuple[int, int]:
    width, cross, height = text.lower().partition("x")
    if not (cross and width.isdigit() and height.isdigit()):
        raise argparse.ArgumentTypeError(f"{text!r} is no size: write WIDTHxHEIGHT, for example 1920x1080")
    if not (640 <= int(width) <= 7680 and 400 <= int(height) <= 4320):
        raise argparse.ArgumentTypeError("a window is from 640x400 to 7680x4320")
    return int(width), int(height)


def _positive(text: str) -> float:
    try:
        value = math.inf if text == "max" else float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no number") from None
    if not value > 0:
        raise argparse.ArgumentTypeError("the number must be more than 0")
    return value


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds") from None
    if not 0 <= value <= 86_400:
        raise argparse.ArgumentTypeError("seconds must be from 0 to 86400")
    return value


def parser(epilog: str = "") -> argparse.ArgumentParser:
    """Return the parser."""
    made = _Parser(
        prog="bidmere",
        description="Start the trading desk. Without options: a simulated market and a paper account.",
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    made.add_argument("--version", action="version", version=f"Bidmere {__version__}")
    made.add_argument("--profile", type=Path, metavar="DIR", help="folder that holds everything the desk writes")
    made.add_argument("--seed", type=int, metavar="N", help="make the simulated market reproducible")
    made.add_argument("--theme", choices=sorted(THEMES), help="colours of this run")
    made.add_argument("--engine-loop", choices=("thread", "qasync"), default="thread",
                      help="run the engine in its own thread (default) or on the window's loop")
    made.add_argument("--synthetic", type=int, default=0, metavar="N", help="add N generated instruments")
    replay = made.add_argument_group("replay")
    replay.add_argument("--replay", "--data", type=Path, nargs="+", metavar="FILE",
                        help="play recorded data; `bidmere replay --data FILE` is the same")
    replay.add_argument("--symbol", metavar="S", help="what the recorded data is called")
    replay.add_argument("--tz", metavar="ZONE", help="time zone of times without one, for example America/New_York")
    replay.add_argument("--speed", type=_positive, default=1.0, metavar="X", help="1 is real time, max has no limit")
    seen = made.add_argument_group("to be seen from outside")
    seen.add_argument("--size", type=_size, metavar="WxH", help="size of the window")
    seen.add_argument("--after", type=_seconds, default=3.0, metavar="SECONDS",
                      help="when to take the picture, from the moment the desk is ready (default 3)")
    seen.add_argument("--script", type=Path, metavar="FILE", help="carry out steps first")
    seen.add_argument("--screenshot", type=Path, metavar="OUT.png", help="write a picture of the window")
    seen.add_argument("--ui-dump", type=Path, metavar="OUT.json", help="write what is visible as JSON")
    seen.add_argument("--exit", action="store_true", help="leave afterwards: 0, or 1 when something failed")
    return made


def parse(argv: list[str] | None, epilog: str = "") -> argparse.Namespace:
    """Read the command line; a wrong one ends the program with one sentence and code 2."""
    made = parser(epilog)
    words = list(sys.argv[1:] if argv is None else argv)
    is_replay = words[:1] == ["replay"]
    found = made.parse_args(words[1:] if is_replay else words)
    if is_replay and found.replay is None:
        made.error("replay needs recorded data: --data FILE")
    if found.replay is None and (found.symbol or found.tz):
        made.error("--symbol and --tz belong to --replay")
    for path in found.replay or ():
        if not path.exists():
            made.error(f"there is no file {path}")
    if found.script is not None and not found.script.is_file():
        made.error(f"there is no script {found.script}")
    if found.synthetic < 0 or found.synthetic > 10_000:
        made.error("--synthetic takes 0 to 10000")
    return found


def size_of(text: str) -> tuple[int, int]:
    """Read `1920x1080`. Raises InvalidInput."""
    try:
        return _size(text)
    except argparse.ArgumentTypeError as error:
        raise InvalidInput(f"{error}.") from None

"""Commands and their options, and the one place that turns errors into a sentence and an exit code."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import difflib
import importlib
import math
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

from bidmere._version import __version__
from bidmere.cli.output import show_error
from bidmere.errors import BidmereError, InvalidInput
from bidmere.model.money import use_money_context
from bidmere.settings.paths import default_profile

Command = Callable[[argparse.Namespace], int]

_YEAR_S = 31_536_000
EXIT_REFUSED, EXIT_USAGE, EXIT_INTERRUPTED = 1, 2, 130


class _Parser(argparse.ArgumentParser):
    """An argument parser that answers with a sentence and a suggestion instead of a usage block."""

    def error(self, message: str) -> NoReturn:
        raise InvalidInput(f"{_humane(message, self)} See `{self.prog} --help`.")


def _humane(message: str, parser: argparse.ArgumentParser) -> str:
    if "invalid choice" in message:
        given = message.split("invalid choice: ", 1)[1].split(" (", 1)[0].strip("'\"")
        choices = [name for action in parser._actions for name in (action.choices or ())]
        close = difflib.get_close_matches(given, map(str, choices), n=1)
        hint = f"did you mean {close[0]}?" if close else f"there are: {', '.join(map(str, choices))}."
        return f"{given!r} is not known here: {hint}"
    if "arguments are required" in message:
        return f"Something is missing: {message.rsplit(': ', 1)[-1]}."
    if "unrecognized arguments" in message:
        return f"Not understood: {message.rsplit(': ', 1)[-1]}."
    message = message.removeprefix("argument ")
    return message[:1].upper() + message[1:] + "."


def _speed(text: str) -> float:
    if text.lower() == "max":
        return math.inf
    try:
        value = float(text.rstrip("xX×"))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no speed: write a number from 0.25 to 1000, or max") from None
    if not 0.25 <= value <= 1000:
        raise argparse.ArgumentTypeError(f"speed {text} is outside 0.25 to 1000 (or max)")
    return value


def _number(low: float, high: float, *, whole: bool = False) -> Callable[[str], float]:
    """Return what reads a number from `low` to `high`."""

    def read(text: str) -> float:
        kind = "whole number" if whole else "number"
        try:
            value = int(text) if whole else float(text)
        except ValueError:
            value = math.nan
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{text!r} is no {kind} from {low:,} to {high:,}")
        return value

    return read


def _param(text: str) -> tuple[str, float]:
    name, equals, value = text.partition("=")
    try:
        number = float(value)
    except ValueError:
        equals = ""
        number = 0.0
    if not equals or not name:
        raise argparse.ArgumentTypeError(f"{text!r} is no parameter: write NAME=NUMBER, for example fast=10")
    return name, number


def _home(module: str, function: str = "run") -> Command:
    def call(arguments: argparse.Namespace) -> int:
        command: Command = getattr(importlib.import_module(f"bidmere.cli.{module}"), function)
        return command(arguments)

    return call


def _common(parser: argparse.ArgumentParser, *, profile: bool = True) -> None:
    parser.add_argument("--json", action="store_true", help="answer with one JSON document")
    if profile:
        parser.add_argument("--profile", type=Path, default=default_profile(), help="folder for all that is written")
        seed = _number(0, 2**63 - 1, whole=True)
        parser.add_argument("--seed", type=seed, default=None, help="make the simulated venue and the ids reproducible")


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    parser = _Parser(prog="bidmere-cli", description="Bidmere without the window.")
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=_Parser)

    run = commands.add_parser("run", help="run the engine on the simulated venue, with strategies if you name them")
    _common(run)
    seconds = _number(0, _YEAR_S)
    run.add_argument("--seconds", type=seconds, default=None, help="stop after so long (default: until interrupted)")
    _strategy_options(run, symbol_default="BTCUSDT.SIM")
    run.set_defaults(do=_home("trade", "run"))

    replay = commands.add_parser("replay", help="play recorded data through the whole engine")
    _common(replay)
    replay.add_argument("--data", type=Path, required=True, nargs="+", help="files, or a folder of them")
    replay.add_argument("--speed", type=_speed, default=math.inf, help="0.25 to 1000, or max (default)")
    replay.add_argument("--tz", help="time zone of times without one, for example America/New_York")
    _strategy_options(replay, symbol_default=None)
    replay.set_defaults(do=_home("replay"))

    _data_commands(commands)
    _order_commands(commands)

    journal = commands.add_parser("journal", help="look after the order journal").add_subparsers(
        dest="journal_command", required=True, metavar="COMMAND", parser_class=_Parser
    )
    verify = journal.add_parser("verify", help="check the hash chain, the rows and that a replay gives the same states")
    _common(verify)
    verify.set_defaults(do=_home("journal", "verify_journal"))

    doctor = commands.add_parser("doctor", help="check Python, Qt, key store, disk, clock, SQLite and data folders")
    _common(doctor)
    doctor.set_defaults(do=_home("doctor"))

    bench = commands.add_parser("bench", help="measure, beside peers in the same run")
    bench.add_argument("what", choices=("chart", "desk"))
    seconds, symbols, rate = _number(1, 3_600), _number(1, 5_000, whole=True), _number(1, 50_000, whole=True)
    bench.add_argument("--seconds", type=seconds, default=None, help="length of the desk run (default 60)")
    bench.add_argument("--symbols", type=symbols, default=None, help="instruments in the desk run (default 500)")
    bench.add_argument("--rate", type=rate, default=None, help="market updates a second in the desk run (default 5000)")
    _common(bench, profile=False)
    bench.set_defaults(do=_home("bench"))
    return parser


def _strategy_options(parser: argparse.ArgumentParser, symbol_default: str | None) -> None:
    parser.add_argument("--symbol", default=symbol_default, help="instrument, for example BTCUSDT or BTCUSDT.SIM")
    parser.add_argument("--strategy", help="strategy to run, for example sma_cross")
    timeframe = "1m" if symbol_default else None
    usual = "1m" if symbol_default else "1m, or that of longer recorded bars"
    parser.add_argument("--timeframe", default=timeframe, help=f"bars the strategy sees (default {usual})")
    parser.add_argument("--param", type=_param, action="append", default=[], metavar="NAME=NUMBER")
    parser.add_argument("--qty", help="quantity that a target of 1 means (default: 5 %% of equity)")


def _data_commands(commands: argparse._SubParsersAction[_Parser]) -> None:
    data = commands.add_parser("data", help="bring recorded data in and list what is there").add_subparsers(
        dest="data_command", required=True, metavar="COMMAND", parser_class=_Parser
    )
    importer = data.add_parser("import", help="read CSV, Binance klines, freqtrade or LEAN files into the bar store")
    _common(importer)
    importer.add_argument("files", type=Path, nargs="+")
    importer.add_argument("--symbol", help="name to store it under (default: from the file)")
    importer.add_argument("--tz", help="time zone of times without one")
    importer.add_argument("--timeframe", help="length of the bars, where the file does not tell (1m, 1h, 1d)")
    importer.add_argument("--contract", help="expiry of a future, for example 201312 (default: the most traded one)")
    importer.set_defaults(do=_home("data", "import_files"))
    lister = data.add_parser("list", help="list stored bars and ticks")
    _common(lister)
    lister.set_defaults(do=_home("data", "list_stored"))


def _order_commands(commands: argparse._SubParsersAction[_Parser]) -> None:
    order = commands.add_parser("order", help="send one order through the gate and wait for its outcome")
    _common(order)
    order.add_argument("line", nargs="+", help="in the order language: BTCUSDT B 0.1 @ 65000 TIF GTC")
    order.add_argument("--wait", type=_number(0, _YEAR_S), default=5.0, help="seconds to wait for the end (default 5)")
    order.add_argument("--preview", action="store_true", help="only show the what-if and the gate's report")
    order.set_defaults(do=_home("trade", "order"))
    positions = commands.add_parser("positions", help="show accounts, positions and working orders")
    _common(positions)
    positions.set_defaults(do=_home("trade", "positions"))


def run_command(argv: Sequence[str] | None) -> int:
    """Parse and run; every expected error becomes one sentence and an exit code."""
    use_money_context()
    given = list(sys.argv[1:] if argv is None else argv)
    as_json = "--json" in given
    try:
        arguments = build_parser().parse_args(given)
        return int(arguments.do(arguments))
    except InvalidInput as error:
        show_error(error, as_json=as_json)
        return EXIT_USAGE
    except BidmereError as error:
        show_error(error, as_json=as_json)
        return EXIT_REFUSED
    except (KeyboardInterrupt, asyncio.CancelledError):
        print("bidmere: interrupted.", file=sys.stderr)
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_REFUSED

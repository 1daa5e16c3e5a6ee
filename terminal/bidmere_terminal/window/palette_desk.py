"""What the palette finds and understands: search entries, live chips, and where Enter leads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bidmere.desk.api import DeskApi
from bidmere.desk.grammar import HELP, parse
from bidmere.desk.line_orders import draft_order
from bidmere.desk.line_text import order_chips
from bidmere.desk.lines import CancelLine, CloseLine, Line, NavLine, OrderLine
from bidmere.desk.surroundings import surroundings
from bidmere.desk.tokens import LineError, SymbolTable, split
from bidmere.desk.words import fixed, money_text
from bidmere.errors import BidmereError
from bidmere.model.ids import InstrumentId
from bidmere_terminal.bridge.desk_model import DeskModel
from bidmere_terminal.commands.palette import Palette, Reading
from bidmere_terminal.commands.search import Entry, search
from bidmere_terminal.commands.table import CommandTable
from bidmere_terminal.panels.registry import PANELS
from bidmere_terminal.panels.spec import Bridge
from bidmere_terminal.window.line_runner import LineRunner, LineShell

_CLASS_WORDS = {"N": "", "S": "drafts", "R": "reduces risk", "X": "can add risk", "A": "changes authority"}


@dataclass(frozen=True, slots=True)
class _Worked:
    chips: tuple[str, ...]
    hint: str


class PaletteDesk:
    """Read and accept for the palette; drafting runs on the engine and comes back into the chips."""

    def __init__(
        self, shell: LineShell, runner: LineRunner, model: DeskModel, bridge: Bridge, commands: CommandTable,
        workspaces: Callable[[], list[str]],
    ) -> None:  # fmt: skip
        self._shell = shell
        self._runner = runner
        self._model = model
        self._bridge = bridge
        self._commands = commands
        self._workspaces = workspaces
        self._symbols = SymbolTable(())
        self._symbol_entries: list[Entry] = []
        self._palette: Palette | None = None
        self._asked = ""
        model.instruments_changed.connect(self._on_instruments)

    def bind(self, palette: Palette) -> None:
        """Set where worked-out chips are shown."""
        self._palette = palette
        self._on_instruments()

    def parse(self, text: str) -> Line:
        """Read a line with the symbols of now. Raises LineError."""
        return parse(text, self._symbols)

    # ---- reading
    def read(self, text: str) -> Reading:
        """Say what a text means."""
        stripped = text.strip()
        if not stripped:
            return Reading(self._search(""), hint="Type a symbol, a command or an order. HELP lists the words.")
        if stripped.startswith(">"):
            return Reading(search(stripped[1:], self._command_entries()))
        try:
            line = self.parse(text)
        except LineError as error:
            return self._unread(text, error)
        return self._understood(text, line)

    def _unread(self, text: str, error: LineError) -> Reading:
        is_line = False
        try:
            words = split(text)
            is_line = len(words) > 1 and (bool(self._symbols.match(words[0].text)) or words[0].word in HELP)
        except LineError:
            is_line = True
        found = [] if is_line else self._search(text)
        if found and not error.choices:
            return Reading(found)
        return Reading(found, error=error.message, fixes=error.fixes, span=(error.start, error.end))

    def _understood(self, text: str, line: Line) -> Reading:
        if isinstance(line, OrderLine):
            side = str(line.side).upper()
            self._work_out(text, line)
            chips = (f"{line.symbol.symbol}·{line.symbol.venue}", side)
            return Reading(chips=chips, hint="Enter stages it in the ticket")
        if isinstance(line, CloseLine | CancelLine):
            scope = self._runner.scope(line)
            return Reading(hint=f"{scope or 'Reduces risk'} — Enter runs it")
        if isinstance(line, NavLine) and line.symbol is not None and not line.view and not line.group:
            entries = [one for one in self._search(text.split()[0]) if one.key != line.symbol]
            where = f" on {line.timeframe}" if line.timeframe is not None else ""
            first = Entry("Show", f"{line.symbol}{where}", line.symbol, self._name(line.symbol))
            return Reading([first] if where else [first, *entries])
        return Reading(hint="Enter runs it")

    def _work_out(self, text: str, line: OrderLine) -> None:
        if not self._model.ready:
            return
        self._asked = text
        self._bridge.spawn(self._worked_out(text, line), "palette.preview")

    async def _worked_out(self, text: str, line: OrderLine) -> None:
        account = line.account or self._shell.account()

        def work(desk: DeskApi) -> _Worked:
            drafted = draft_order(line, surroundings(desk, line.symbol, account), "palette")
            instrument = desk.instrument(line.symbol)
            preview = desk.preview(drafted.intent)
            words = [f"cost {money_text(preview.notional, preview.currency)}"]
            if preview.fee is not None:
                words.append(f"fee {money_text(preview.fee, preview.currency)}")
            if preview.loss_at_stop is not None:
                words.append(f"risk {money_text(preview.loss_at_stop, preview.currency)}")
            failure = preview.report.first_failure
            words.append(f"refused: {failure.message}" if failure is not None else "all checks pass")
            words += drafted.warnings
            return _Worked(order_chips(drafted.intent, instrument), " · ".join(words))

        try:
            done = await self._bridge.call(work)
            paper = self._model.execution_mode == "PAPER"
            keys = "Enter: stage · Ctrl+Enter: send (paper)" if paper else "Enter: stage"
            reading = Reading(chips=done.chips, hint=f"{done.hint} — {keys}")
        except BidmereError as error:
            reading = Reading(error=str(error))
        if self._palette is not None and self._palette.text == text:
            self._palette.show_reading(reading)

    # ---- accepting
    def accept(self, text: str, entry: Entry | None, send: bool) -> bool:
        """Act on Enter; returns whether the palette may close."""
        line: Line | None = None
        error: LineError | None = None
        if not text.startswith(">"):
            try:
                line = self.parse(text)
            except LineError as caught:
                error = caught
        if line is not None and (entry is None or entry.kind == "Show"):
            answer = self._runner.run(line, send)
            if answer.text and self._palette is not None:
                self._palette.say(answer.text, answer.tone)
                return False
            return answer.close
        if entry is not None:
            return self._go(entry)
        if error is not None and self._palette is not None and text:
            self._palette.say(error.message, "danger")
        return False

    def _go(self, entry: Entry) -> bool:
        if entry.kind == "Command":
            self._commands.run(str(entry.key))
        elif entry.kind == "Panel":
            self._shell.look(NavLine(view=str(entry.key)))
        elif entry.kind == "Workspace":
            self._shell.look(NavLine(workspace=str(entry.key)))
        elif isinstance(entry.key, InstrumentId):
            self._shell.look(NavLine(symbol=entry.key))
        elif entry.kind == "Help" and self._palette is not None:
            self._palette.say(HELP[str(entry.key)])
            return False
        return True

    # ---- entries
    def entries(self) -> list[Entry]:
        """Return everything that can be found, commands included."""
        rest = [*self._panel_entries(), *self._command_entries(), *self._workspace_entries(), *_help_entries()]
        return [*self._symbol_entries, *rest]

    def _search(self, text: str) -> list[Entry]:
        found = search(text, self._symbol_entries, 12)
        rest = [*self._panel_entries(), *self._command_entries(), *self._workspace_entries(), *_help_entries()]
        return sorted_by_fit(text, found, search(text, rest, 24))

    def _on_instruments(self) -> None:
        self._symbols = SymbolTable(self._model.instruments)
        held = {key[1] for key, position in self._model.positions.items() if not position.is_flat}
        self._symbol_entries = [
            Entry(
                "Symbol",
                str(one.id),
                one.id,
                one.name,
                f"{one.name} {one.base} {one.kind}",
                boost=40 if one.id in held else 0,
            )
            for one in self._model.instruments.values()
        ]

    def _name(self, instrument: InstrumentId) -> str:
        found = self._model.instruments.get(instrument)
        quote = self._model.quotes.get(instrument)
        price = f"  {fixed(quote.mid, found.price_decimals)}" if found is not None and quote is not None else ""
        return f"{found.name if found is not None else ''}{price}"

    def _command_entries(self) -> list[Entry]:
        recent = {one: 30 - rank for rank, one in enumerate(self._commands.used)}
        return [
            Entry(
                "Command",
                one.title,
                one.id,
                "  ".join(part for part in (_CLASS_WORDS[one.action_class], _key_words(one.keys, one.go_key)) if part),
                f"{one.words} {one.group} {one.id}",
                boost=recent.get(one.id, 0),
            )
            for one in self._commands
            if one.action_class != "A"
        ]

    def _panel_entries(self) -> list[Entry]:
        return [
            Entry("Panel", one.title, one.id, f"Ctrl+G {one.key}" if one.key else "", one.id, boost=1)
            for one in PANELS
        ]

    def _workspace_entries(self) -> list[Entry]:
        return [Entry("Workspace", name, name, f"Ctrl+{number}") for number, name in enumerate(self._workspaces(), 1)]


def _key_words(keys: str, go_key: str) -> str:
    return keys or (f"Ctrl+G {go_key}" if go_key else "")


def _help_entries() -> list[Entry]:
    return [Entry("Help", text.split(" — ")[0][:70], word, word, f"help {word}") for word, text in HELP.items()]


def sorted_by_fit(text: str, symbols: list[Entry], others: list[Entry]) -> list[Entry]:
    """Put symbols first where one begins with the text, the others first where not; keep each order."""
    needle = text.strip().lower()
    if needle and symbols and symbols[0].title.lower().startswith(needle):
        return [*symbols, *others]
    return [*others, *symbols]

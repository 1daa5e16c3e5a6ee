"""House rules that no linter knows, read off the syntax tree of every source file."""

import ast
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE_ROOTS = ("core", "brokers", "terminal", "resources")
MAX_FILE_LINES = 500
MAX_FUNCTION_LINES = 80

EMPTY_NAMES = {"utils", "util", "helpers", "helper", "common", "misc"}
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
COLOUR = re.compile(r"#([0-9a-fA-F]{3,4}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8})\b")
NESTED_LOOPS = {
    "QMessageBox": {"about", "aboutQt", "critical", "information", "question", "warning"},
    "QFileDialog": {"getExistingDirectory", "getOpenFileName", "getOpenFileNames", "getSaveFileName"},
    "QInputDialog": {"getDouble", "getInt", "getItem", "getMultiLineText", "getText"},
    "QColorDialog": {"getColor"},
    "QFontDialog": {"getFont"},
}

Finding = tuple[int, str]
Rule = Callable[[Path, str, ast.Module], Iterator[Finding]]


@cache
def sources() -> list[tuple[Path, str, ast.Module]]:
    files = sorted(file for root in SOURCE_ROOTS for file in (ROOT / root).rglob("*.py"))
    texts = [(file.relative_to(ROOT), file.read_text(encoding="utf-8")) for file in files]
    return [(file, text, ast.parse(text, str(file))) for file, text in texts]


def files_stay_small(_file: Path, text: str, _tree: ast.Module) -> Iterator[Finding]:
    lines = text.count("\n")
    if lines > MAX_FILE_LINES:
        yield lines, f"the file has {lines} lines, more than {MAX_FILE_LINES}"


def functions_stay_small(_file: Path, _text: str, tree: ast.Module) -> Iterator[Finding]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > MAX_FUNCTION_LINES:
                yield node.lineno, f"{node.name} has {lines} lines, more than {MAX_FUNCTION_LINES}"


def modules_say_what_they_hold(file: Path, _text: str, _tree: ast.Module) -> Iterator[Finding]:
    if EMPTY_NAMES.intersection((*file.parts[:-1], file.stem)):
        yield 1, "the name says nothing: name the module after what it holds"


def nothing_is_left_unfinished(_file: Path, text: str, tree: ast.Module) -> Iterator[Finding]:
    for number, line in enumerate(text.splitlines(), 1):
        if "#" in line and UNFINISHED.search(line.partition("#")[2]):
            yield number, "unfinished work is marked here"
    abstract = {id(inner) for node in ast.walk(tree) if is_abstract(node) for inner in ast.walk(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise) and id(node) not in abstract and "NotImplementedError" in ast.dump(node):
            yield node.lineno, "NotImplementedError outside an abstract method"


def is_abstract(node: ast.AST) -> bool:
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and any(
        "abstractmethod" in ast.dump(decorator) for decorator in node.decorator_list
    )


def qt_loops_do_not_nest(file: Path, _text: str, tree: ast.Module) -> Iterator[Finding]:
    if file.parts[0] != "terminal":
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = node.func.value.id if isinstance(node.func.value, ast.Name) else ""
            if node.func.attr in {"exec", "exec_", "processEvents"} or node.func.attr in NESTED_LOOPS.get(owner, ()):
                yield node.lineno, f"{owner or '…'}.{node.func.attr} runs a loop inside the loop: use open()"


def colours_come_from_the_tokens(file: Path, _text: str, tree: ast.Module) -> Iterator[Finding]:
    if file.parts[0] != "terminal" or file.parts[-2:] == ("theme", "tokens.py"):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and COLOUR.fullmatch(node.value.strip()):
            yield node.lineno, f"colour literal {node.value!r}: take a token of theme/tokens.py"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "QColor":
            plain = [isinstance(one, ast.Constant) and isinstance(one.value, int) for one in node.args]
            if len(plain) >= 3 and all(plain):
                yield node.lineno, "colour literal in QColor(…): take a token of theme/tokens.py"


def only_the_gate_approves(file: Path, _text: str, tree: ast.Module) -> Iterator[Finding]:
    """Only `bidmere.risk` may take the functions that stamp an approval (they are named `issue_…`)."""
    if file.parts[:3] == ("core", "bidmere", "risk") or file.parts[-2:] == ("brokerage", "approval.py"):
        return
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.ImportFrom) and (node.module or "").endswith("approval"):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "approval":
            names = [node.attr]
        if any(name == "*" or name.startswith(("issue_", "_")) for name in names):
            yield getattr(node, "lineno", 1), "only the gate (bidmere.risk) approves orders"


RULES: list[Rule] = [
    files_stay_small,
    functions_stay_small,
    modules_say_what_they_hold,
    nothing_is_left_unfinished,
    qt_loops_do_not_nest,
    colours_come_from_the_tokens,
    only_the_gate_approves,
]

BROKEN: dict[Rule, tuple[str, str]] = {
    files_stay_small: ("core/a.py", "x = 1\n" * (MAX_FILE_LINES + 1)),
    functions_stay_small: ("core/a.py", "def f() -> None:\n" + "    x = 1\n" * MAX_FUNCTION_LINES),
    modules_say_what_they_hold: ("core/utils.py", ""),
    nothing_is_left_unfinished: ("core/a.py", "def f() -> None:\n    raise NotImplementedError\n"),
    qt_loops_do_not_nest: ("terminal/a.py", "QMessageBox.question(None, 'Sure?')\n"),
    colours_come_from_the_tokens: ("terminal/a.py", "PEN = '#0fa682'\n"),
    only_the_gate_approves: ("core/bidmere/desk/a.py", "from bidmere.brokerage.approval import issue_order\n"),
}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_every_source_file_keeps(rule: Rule) -> None:
    found = [f"{file}:{line}: {what}" for file, text, tree in sources() for line, what in rule(file, text, tree)]
    assert not found, "\n" + "\n".join(found)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_rule_finds_a_breach(rule: Rule) -> None:
    name, text = BROKEN[rule]
    assert list(rule(Path(name), text, ast.parse(text)))

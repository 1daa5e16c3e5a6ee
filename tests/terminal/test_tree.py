"""The arrangement of panels as a value, and what a disk may do to it (U-152 to U-155)."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bidmere.errors import InvalidInput
from bidmere.kernel.clock import SimClock
from bidmere_terminal.window import tree
from bidmere_terminal.window.layout_json import from_json, to_json
from bidmere_terminal.window.layout_store import KEPT, LayoutStore
from bidmere_terminal.window.tree import PanelEntry, Split, Stack, Workspace, Zone

NAMES = ["watchlist", "chart-1", "chart-2", "ticket", "orders", "log"]


def workspace(name: str = "Terminal") -> Workspace:
    root = Split("h", (Stack(("watchlist",)), Stack(("chart-1", "chart-2")), Stack(("ticket",))), (0.2, 0.6, 0.2))
    panels = {one: PanelEntry(panel=one.partition("-")[0]) for one in ("watchlist", "chart-1", "chart-2", "ticket")}
    return Workspace(name=name, root=root, panels=panels, groups={"A": ("BTCUSDT.SIM", "5m")})


def check_normal(node: tree.Node | None) -> None:
    if isinstance(node, Stack):
        assert node.panels
        assert 0 <= node.current < len(node.panels)
    elif isinstance(node, Split):
        assert len(node.children) >= 2
        assert sum(node.shares) == pytest.approx(1)
        assert min(node.shares) > 0
        for child in node.children:
            assert not (isinstance(child, Split) and child.direction == node.direction)
            check_normal(child)


STEP = st.one_of(
    st.tuples(st.just("dock"), st.sampled_from(NAMES), st.sampled_from(NAMES), st.sampled_from(list(Zone))),
    st.tuples(st.just("edge"), st.sampled_from(NAMES), st.sampled_from([Zone.LEFT, Zone.BOTTOM])),
    st.tuples(st.just("float"), st.sampled_from(NAMES)),
    st.tuples(st.just("close"), st.sampled_from(NAMES)),
    st.tuples(st.just("show"), st.sampled_from(NAMES)),
)


@settings(max_examples=150, deadline=None)
@given(steps=st.lists(STEP, max_size=25))
def test_any_sequence_of_moves_keeps_the_tree_well_formed_and_loses_no_panel(steps: list[tuple[object, ...]]) -> None:
    now = workspace()
    expected = set(now.panels)
    for step in steps:
        kind, name = str(step[0]), str(step[1])
        if kind == "close":
            now, expected = tree.closed(now, name), expected - {name}
        elif kind == "show":
            now = tree.shown(now, name)
        else:
            now, expected = tree.added(now, name, PanelEntry(panel=name)), expected | {name}
            if kind == "dock" and step[2] != name:
                now = tree.docked(now, name, str(step[2]), Zone(str(step[3])))
            elif kind == "float":
                now = tree.floated(now, name, (0, 0, 400, 300))
            else:
                now = tree.at_edge(now, name, Zone.BOTTOM)
        placed = tree.instances(now)
        assert sorted(placed) == sorted(expected)
        check_normal(now.root)
        if placed:
            assert tree.instances(from_json(json.loads(json.dumps(to_json(now))))) == placed


def test_closing_the_tab_in_front_shows_its_neighbour() -> None:
    now = tree.shown(workspace(), "chart-2")
    assert [stack.front for stack in tree.stacks(tree.closed(now, "chart-1").root)] == [
        "watchlist",
        "chart-2",
        "ticket",
    ]
    assert [stack.front for stack in tree.stacks(tree.closed(now, "chart-2").root)] == [
        "watchlist",
        "chart-1",
        "ticket",
    ]


@pytest.mark.parametrize("document", [None, 3, [], {}, {"version": 9}, {"version": 1, "root": {"tabs": ["x"]}}])
def test_a_layout_without_sense_is_refused(document: object) -> None:
    with pytest.raises(InvalidInput):
        from_json(document)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats() | st.sampled_from([*NAMES, "h", "v", "A"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["tabs", "split", "children", "shares", "current", "rect", "root"]), inner)
    ),
    max_leaves=20,
)


@settings(max_examples=200, deadline=None)
@given(root=JSON, floats=JSON, panels=JSON, groups=JSON)
def test_u153_any_json_is_read_or_refused_never_half(
    root: object, floats: object, panels: object, groups: object
) -> None:
    document = {**to_json(workspace()), "floats": floats, "groups": groups}
    if root is not None:
        document["root"] = root
    if isinstance(panels, dict):
        document["panels"] = {**document["panels"], **panels}
    try:
        found = from_json(document)
    except InvalidInput:
        return
    assert tree.instances(found)
    assert len(tree.instances(found)) == len(set(tree.instances(found)))
    check_normal(found.root)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_u153_a_damaged_file_gives_the_version_before_and_is_kept(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    store = LayoutStore(tmp_path_factory.mktemp("layouts"), SimClock(1))
    store.save(workspace())
    path = store.path("Terminal")
    whole = path.read_bytes()
    cut = data.draw(st.integers(0, len(whole) - 3))
    damage = whole[:cut] + data.draw(st.binary(max_size=20))
    path.write_bytes(damage)
    found = store.load("Terminal")
    assert found.workspace == workspace()
    assert "damaged" in found.problem
    assert path.with_name("Terminal.json.damaged").read_bytes() == damage


def test_u152_fifty_versions_are_kept_and_equal_ones_written_once(tmp_path: Path) -> None:
    clock = SimClock(1)
    store = LayoutStore(tmp_path, clock)
    for number in range(KEPT + 5):
        clock.advance_to(1 + number)
        one = workspace()
        assert store.save(
            tree.added(tree.shown(one, "chart-2"), "ticket", PanelEntry(panel="ticket", state={"n": number}))
        )
    assert not store.save(store.load("Terminal").workspace or workspace())
    assert len(store.history("Terminal")) == KEPT
    assert store.names() == ["Terminal"]


def test_a_name_with_any_signs_stays_inside_the_folder(tmp_path: Path) -> None:
    store = LayoutStore(tmp_path, SimClock(1))
    store.save(workspace("../../etc/passwd"))
    assert store.path("../../etc/passwd").parent == tmp_path
    assert store.load("../../etc/passwd").workspace is not None

"""What is installed: entry points lead somewhere, the library's front is whole and light."""

import importlib
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import bidmere
from bidmere.brokerage.plugin import BrokerPlugin
from bidmere_brokers import BUILT_IN

ROOT = Path(__file__).resolve().parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT = PYPROJECT["project"]
BROKERS = PROJECT["entry-points"]["bidmere.brokers"]


def resolved(target: str) -> object:
    module, _, attribute = target.partition(":")
    return getattr(importlib.import_module(module), attribute)


@pytest.mark.parametrize("target", [*PROJECT["scripts"].values(), *PROJECT["gui-scripts"].values()])
def test_every_command_leads_to_a_function(target: str) -> None:
    assert callable(resolved(target))


@pytest.mark.parametrize(("name", "target"), sorted(BROKERS.items()))
def test_every_broker_of_the_metadata_is_a_plugin_of_that_name(name: str, target: str) -> None:
    plugin = resolved(target)
    assert isinstance(plugin, BrokerPlugin)
    assert plugin.name == name


def test_a_checkout_knows_the_brokers_an_installation_knows() -> None:
    assert dict(BUILT_IN) == BROKERS


def test_every_package_is_in_the_wheel_and_typed() -> None:
    folders = {ROOT / one for one in PYPROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]}
    roots = PYPROJECT["tool"]["hatch"]["build"]["dev-mode-dirs"]
    sources = {one.parent for root in roots for one in ROOT.glob(f"{root}/*/*.py")}
    assert folders == sources
    assert all((folder / "py.typed").is_file() for folder in folders)


def test_the_front_of_the_library_is_sorted_and_whole() -> None:
    assert bidmere.__all__ == sorted(bidmere.__all__)
    assert set(dir(bidmere)) == set(bidmere.__all__)
    assert all(getattr(bidmere, name) is not None for name in bidmere.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = bidmere.nothing


def test_the_front_of_the_library_imports_only_what_is_asked_for() -> None:
    code = "import sys, bidmere; sys.exit(any(name in sys.modules for name in ('numpy', 'msgspec', 'PySide6')))"
    surroundings = os.environ | {"PYTHONPATH": str(ROOT / "core")}
    done = subprocess.run([sys.executable, "-c", code], env=surroundings, timeout=60, check=False)
    assert done.returncode == 0

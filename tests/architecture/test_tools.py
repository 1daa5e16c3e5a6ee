"""The linters are part of the tests, so that one command says whether the tree is well."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE_ROOTS = [str(ROOT / name) for name in ("core", "brokers", "terminal", "resources")]


PYTHON = f"--python-version={sys.version_info.major}.{sys.version_info.minor}"
"""The libraries' own types differ with the Python they are installed for."""


def run_tool(*command: str) -> None:
    """Run a tool from the checkout's root and fail with its own words."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(SOURCE_ROOTS), "NO_COLOR": "1"}
    done = subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.fail(f"{' '.join(command)}\n{done.stdout}{done.stderr}", pytrace=False)


def test_ruff_is_clean() -> None:
    run_tool("-m", "ruff", "check", "--no-cache", "--output-format=concise", "--quiet", ".")


def test_import_contracts_hold() -> None:
    run_tool("-c", "from importlinter.cli import lint_imports_command as main; main(['--no-cache', '--no-logo'])")


@pytest.mark.timeout(900)
def test_mypy_strict_is_clean() -> None:
    run_tool("-m", "mypy", PYTHON, "--no-pretty", "--no-color-output")


@pytest.mark.timeout(300)
def test_mypy_strict_is_clean_for_the_bootstrap() -> None:
    run_tool("-m", "mypy", PYTHON, "--no-pretty", "--no-color-output", "run.py")

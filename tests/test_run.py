"""`run.py` must work on machines nobody has seen: each of its decisions is tested against a pretended one."""

import ast
import importlib.util
import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
Commands = list[list[str]]


@pytest.fixture
def bootstrap(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    """Load run.py as a module whose checkout is an empty folder with two locks."""
    spec = importlib.util.spec_from_file_location("bootstrap", ROOT / "run.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "ROOT", tmp_path)
    for name in (module.LOCK, module.DEV_LOCK):
        (tmp_path / name).write_text("numpy==2.4.6\n", encoding="utf-8")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    return module


@pytest.fixture
def installs(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let set-up make its real environment, and write down what it would install instead of installing."""
    done: list[str] = []
    monkeypatch.setattr(bootstrap, "install", lambda env, lock, base: done.append(lock.name))
    return done


@pytest.fixture
def started(bootstrap: ModuleType, installs: list[str], monkeypatch: pytest.MonkeyPatch) -> Commands:
    """Write down what would be started in this process's place."""
    commands: Commands = []

    def become(command: list[str]) -> int:
        commands.append(command)
        return 0

    monkeypatch.setattr(bootstrap, "become", become)
    monkeypatch.setattr(bootstrap, "check_system", lambda offscreen: None)
    monkeypatch.setattr(os, "chdir", lambda folder: None)
    return commands


def shell(answers: Callable[[list[str]], tuple[int, str]], seen: Commands) -> Callable[..., Any]:
    """Return a stand-in for subprocess.run that answers by the command."""

    def run(command: list[str], **_options: object) -> subprocess.CompletedProcess[Any]:
        seen.append(command)
        code, output = answers(command)
        return subprocess.CompletedProcess(command, code, output, "")

    return run


# ── the environment ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_second_set_up_installs_nothing(bootstrap: ModuleType, installs: list[str]) -> None:
    bootstrap.set_up(dev=False)
    bootstrap.set_up(dev=False)
    assert installs == ["requirements.lock"]


def test_development_tools_serve_the_desk_too(bootstrap: ModuleType, installs: list[str]) -> None:
    bootstrap.set_up(dev=True)
    bootstrap.set_up(dev=False)
    assert installs == ["requirements-dev.lock"]


def test_changed_lock_is_installed_into_the_same_environment(
    bootstrap: ModuleType, installs: list[str], tmp_path: Path
) -> None:
    env = bootstrap.set_up(dev=False)
    kept = env.folder / "kept"
    kept.touch()
    (tmp_path / "requirements.lock").write_text("numpy==2.5.5\n", encoding="utf-8")
    bootstrap.set_up(dev=False)
    assert installs == ["requirements.lock"] * 2
    assert kept.exists()


def test_line_ends_do_not_change_a_lock(bootstrap: ModuleType, installs: list[str], tmp_path: Path) -> None:
    bootstrap.set_up(dev=False)
    (tmp_path / "requirements.lock").write_bytes(b"numpy==2.4.6\r\n")
    bootstrap.set_up(dev=False)
    assert len(installs) == 1


def test_interrupted_install_starts_from_a_clean_environment(
    bootstrap: ModuleType, installs: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def cut_off(env: Any, lock: Path, base: str) -> None:
        (env.folder / "half").touch()
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(bootstrap, "install", cut_off)
        assert bootstrap.main(["setup"]) == 130
    env = bootstrap.set_up(dev=False)
    assert installs == ["requirements.lock"]
    assert not (env.folder / "half").exists()


def test_environment_whose_python_is_gone_is_made_anew(bootstrap: ModuleType, installs: list[str]) -> None:
    env = bootstrap.set_up(dev=False)
    env.python.unlink()
    bootstrap.set_up(dev=False)
    assert env.python.exists()
    assert len(installs) == 2


def test_environment_of_the_users_own_is_never_removed(
    bootstrap: ModuleType, installs: list[str], tmp_path: Path
) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / ".venv")], check=True)
    own = tmp_path / ".venv" / "own"
    own.touch()
    env = bootstrap.set_up(dev=False)
    env.record_file.write_text(json.dumps({"made_here": False, "locks": {}}), encoding="utf-8")
    bootstrap.set_up(dev=False)
    assert own.exists()
    assert len(installs) == 2


def test_environment_finds_the_four_roots_wherever_the_checkout_moves(
    bootstrap: ModuleType, installs: list[str], tmp_path: Path
) -> None:
    for name in bootstrap.SOURCE_ROOTS:
        (tmp_path / name).mkdir()
    env = bootstrap.set_up(dev=False)
    show = [str(env.python), "-c", "import sys; print('\\n'.join(sys.path))"]
    listed = subprocess.run(show, capture_output=True, text=True, check=True, env={"PATH": ""}).stdout.split("\n")
    assert {str(tmp_path / name) for name in bootstrap.SOURCE_ROOTS} <= set(listed)
    assert not any(line.startswith(str(tmp_path)) for line in sources_file(env).read_text().split())


def sources_file(env: Any) -> Path:
    file = env.site_packages() / "bidmere-sources.pth"
    assert isinstance(file, Path)
    return file


def test_uv_that_fails_gives_way_to_pip(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    seen: Commands = []
    monkeypatch.setattr(bootstrap.shutil, "which", lambda name: "/bin/uv" if name == "uv" else None)
    monkeypatch.setattr(bootstrap.subprocess, "run", shell(lambda command: (int(command[0] == "/bin/uv"), ""), seen))
    env = bootstrap.Environment(tmp_path / ".venv")
    (env.folder / "lib" / "python3.11" / "site-packages").mkdir(parents=True)
    bootstrap.install(env, tmp_path / "requirements.lock", sys.executable)
    assert seen[0][0] == "/bin/uv"
    assert "--require-hashes" in seen[0]
    assert any(command[1:4] == ["-m", "pip", "install"] and "--require-hashes" in command for command in seen)
    assert any("compileall" in command for command in seen)


def test_old_python_is_told_in_one_sentence(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bootstrap, "MINIMUM", (4, 0))
    monkeypatch.setattr(bootstrap, "is_suitable", lambda python: False)
    assert bootstrap.main(["setup"]) == 3
    said = capsys.readouterr().err.strip()
    assert "needs Python 4.0 or newer" in said
    assert len(said.splitlines()) == 1


def test_old_python_hands_over_to_a_newer_one_on_the_path(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bootstrap, "MINIMUM", (4, 0))
    monkeypatch.setattr(bootstrap.shutil, "which", lambda name: f"/bin/{name}")
    monkeypatch.setattr(bootstrap, "is_suitable", lambda python: python.endswith("3.12"))
    assert bootstrap.suitable_python() == "/bin/python3.12"


# ── the system ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def debian(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Commands]:
    """Pretend a Debian without Qt's libraries."""

    def pretend(root: bool = False, sudo: bool = False, t64: bool = False) -> Commands:
        seen: Commands = []

        def answers(command: list[str]) -> tuple[int, str]:
            if command[0] == "apt-cache":
                known = command[2].endswith("t64") == t64 if "glib" in command[2] else True
                return (0, f"Package: {command[2]}") if known else (100, "")
            return (0 if sudo or "sudo" not in command[0] else 1), ""

        absent = iter([bootstrap.QT_LIBRARIES, {}])
        monkeypatch.setattr(bootstrap, "missing_libraries", lambda libraries: next(absent))
        monkeypatch.setattr(bootstrap.sys, "platform", "linux")
        monkeypatch.setattr(bootstrap.os, "geteuid", lambda: 0 if root else 1000, raising=False)
        monkeypatch.setattr(bootstrap.shutil, "which", lambda name: f"/usr/bin/{name}")
        monkeypatch.setattr(bootstrap.subprocess, "run", shell(answers, seen))
        return seen

    return pretend


def test_root_gets_the_missing_libraries_installed(bootstrap: ModuleType, debian: Callable[..., Commands]) -> None:
    seen = debian(root=True)
    bootstrap.check_system(offscreen=True)
    (install,) = [command for command in seen if "install" in command]
    assert install[:3] == ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]
    assert {"libegl1", "libgl1", "libdbus-1-3", "libglib2.0-0"} <= set(install)


def test_sudo_without_password_is_used(bootstrap: ModuleType, debian: Callable[..., Commands]) -> None:
    seen = debian(sudo=True, t64=True)
    bootstrap.check_system(offscreen=True)
    (install,) = [command for command in seen if "install" in command]
    assert install[:2] == ["/usr/bin/sudo", "-n"]
    assert "libglib2.0-0t64" in install


def test_without_rights_the_exact_command_is_told(bootstrap: ModuleType, debian: Callable[..., Commands]) -> None:
    debian()
    with pytest.raises(bootstrap.SetUpError) as told:
        bootstrap.check_system(offscreen=True)
    command = "sudo apt-get update && sudo apt-get install -y --no-install-recommends libdbus-1-3 libegl1"
    assert command in str(told.value)


def test_loader_names_what_it_does_not_find(bootstrap: ModuleType) -> None:
    assert bootstrap.missing_libraries({"libnothing.so.77": ("nothing",)}) == {"libnothing.so.77": ("nothing",)}


# ── commands ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_desk_gets_the_arguments(
    bootstrap: ModuleType, started: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISPLAY", ":0")
    assert bootstrap.main(["--layout", "test"]) == 0
    assert started[0][1:] == ["-m", "bidmere_terminal", "--layout", "test"]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux may lack a screen")
def test_no_screen_is_said_with_what_to_do(
    bootstrap: ModuleType, started: Commands, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bootstrap.main([]) == 2
    assert started == []
    said = capsys.readouterr().err
    assert all(words in said for words in ("no screen", "run.py cli", "--screenshot", "QT_QPA_PLATFORM=offscreen"))


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux may lack a screen")
def test_screenshot_needs_no_screen(bootstrap: ModuleType, started: Commands) -> None:
    assert bootstrap.main(["--screenshot", "desk.png"]) == 0
    assert os.environ.pop("QT_QPA_PLATFORM") == "offscreen"
    assert started[0][1:] == ["-m", "bidmere_terminal", "--screenshot", "desk.png"]


def test_tests_run_offscreen_and_side_by_side(
    bootstrap: ModuleType, started: Commands, installs: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM", "xcb")
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    assert bootstrap.main(["test", "-k", "gate"]) == 0
    assert installs == ["requirements-dev.lock"]
    assert os.environ["QT_QPA_PLATFORM"] == "offscreen"
    assert started[0][1:] == ["-m", "pytest", "-n", "2", "--dist", "worksteal", "-k", "gate"]


@pytest.mark.parametrize("argument", ["--pdb", "-s", "-n0"])
def test_tests_run_one_by_one_when_asked(bootstrap: ModuleType, started: Commands, argument: str) -> None:
    assert bootstrap.main(["test", argument]) == 0
    assert started[0][1:] == ["-m", "pytest", argument]


def test_command_line_is_reached(bootstrap: ModuleType, started: Commands) -> None:
    assert bootstrap.main(["cli", "doctor"]) == 0
    assert started[0][1:] == ["-m", "bidmere", "doctor"]


# ── the files ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_locks_hold_hashes_and_no_host(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert not re.search(r"https?:|file:|^-|--(index|find|extra)", text, re.MULTILINE)
    pinned = [line for line in text.splitlines() if line and not line.startswith((" ", "#"))]
    assert pinned
    assert all(re.match(r"[a-z0-9-]+==\S+ .*\\$", line) for line in pinned)


def test_locks_answer_every_dependency_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    for name, wanted in (
        ("requirements.lock", project["project"]["dependencies"]),
        ("requirements-dev.lock", project["project"]["dependencies"] + project["dependency-groups"]["dev"]),
    ):
        pinned: dict[str, list[str]] = {}
        for found in re.finditer(r"^([a-z0-9-]+)==([^\s;]+)", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE):
            pinned.setdefault(found[1], []).append(found[2])
        for text in wanted:
            requirement = Requirement(text)
            versions = pinned.get(canonicalize_name(requirement.name), [])
            assert any(version in requirement.specifier for version in versions), f"{name} lacks {text}: run.py lock"


def test_bootstrap_parses_on_an_old_python() -> None:
    ast.parse((ROOT / "run.py").read_text(encoding="utf-8"), feature_version=(3, 7))

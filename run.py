#!/usr/bin/env python3
"""Set Bidmere up and start it: the one command a fresh machine needs.

    python run.py [desk arguments]      set up if needed, then start the desk
    python run.py test [pytest args]    set up with the development tools, then run all tests
    python run.py cli [arguments]       set up if needed, then `python -m bidmere`
    python run.py setup [--dev]         set up only
    python run.py lock                  write the two requirements locks anew (needs uv)

Only the standard library is used, and the file must parse on Python 3.7 to say what is wrong there.
Everything lands in `.venv` beside this file; BIDMERE_VENV names another folder.
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
SOURCE_ROOTS = ("core", "brokers", "terminal", "resources")
LOCK, DEV_LOCK = "requirements.lock", "requirements-dev.lock"
MINIMUM = (3, 11)
TESTED = ("3.13", "3.12", "3.11")
WINDOWS = os.name == "nt"

EXIT_NO_SCREEN = 2
EXIT_CANNOT_SET_UP = 3

# Shared object -> Debian packages that hold it, newest name first.
QT_LIBRARIES = {
    "libEGL.so.1": ("libegl1",),
    "libGL.so.1": ("libgl1",),
    "libxkbcommon.so.0": ("libxkbcommon0",),
    "libdbus-1.so.3": ("libdbus-1-3",),
    "libfontconfig.so.1": ("libfontconfig1",),
    "libglib-2.0.so.0": ("libglib2.0-0t64", "libglib2.0-0"),
}
XCB_LIBRARIES = {
    "libxcb-cursor.so.0": ("libxcb-cursor0",),
    "libxcb-icccm.so.4": ("libxcb-icccm4",),
    "libxcb-keysyms.so.1": ("libxcb-keysyms1",),
    "libxcb-shape.so.0": ("libxcb-shape0",),
    "libxkbcommon-x11.so.0": ("libxkbcommon-x11-0",),
}


class SetUpError(Exception):
    """Carry one sentence for the user: what failed and what to do."""


def say(sentence: str) -> None:
    print(f"bidmere: {sentence}", file=sys.stderr, flush=True)


# ── Python ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def is_suitable(python: str) -> bool:
    """Tell whether `python` runs and is new enough (a pyenv shim exists even where its version does not)."""
    probe = f"import sys, venv; sys.exit(sys.version_info < {MINIMUM!r})"
    try:
        return subprocess.run([python, "-c", probe], capture_output=True, timeout=30, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def suitable_python() -> str:
    """Return the interpreter to build the environment with: this one, or a newer one on PATH."""
    if sys.version_info >= MINIMUM:
        return sys.executable
    for version in TESTED:
        found = shutil.which(f"python{version}")
        if found and is_suitable(found):
            return found
    mine = ".".join(str(part) for part in sys.version_info[:3])
    raise SetUpError(
        f"Bidmere needs Python {MINIMUM[0]}.{MINIMUM[1]} or newer and this is {mine}: "
        "install it from python.org or your system's packages, then run this again with it."
    )


# ── the environment ──────────────────────────────────────────────────────────────────────────────────────────────────


class Environment:
    """Hold the virtual environment beside this file and the record of what was installed into it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.python = folder / ("Scripts/python.exe" if WINDOWS else "bin/python")
        self.record_file = folder / "bidmere-setup.json"

    def record(self) -> dict[str, object]:
        """Return {"made_here": bool, "locks": {name: sha256}}; empty where there is none to read."""
        try:
            found = json.loads(self.record_file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def write_record(self, made_here: bool, locks: dict[str, str]) -> None:
        """Replace the record in one step, so that a cut-off write reads as not installed."""
        self.folder.mkdir(parents=True, exist_ok=True)
        draft = self.record_file.with_suffix(".new")
        draft.write_text(json.dumps({"made_here": made_here, "locks": locks}), encoding="utf-8")
        os.replace(draft, self.record_file)

    def has(self, locks: dict[str, str]) -> bool:
        """Tell whether exactly these locks (or these and more) were installed to the end."""
        installed = self.record().get("locks")
        return isinstance(installed, dict) and self.python.exists() and locks.items() <= installed.items()

    def site_packages(self) -> Path:
        pattern = "Lib/site-packages" if WINDOWS else "lib/python3*/site-packages"
        return next(self.folder.glob(pattern))


def lock_hashes(dev: bool) -> dict[str, str]:
    """Return {lock name: sha256 of its text}; line ends do not count, git may change them."""
    names = (LOCK, DEV_LOCK) if dev else (LOCK,)
    return {name: hashlib.sha256((ROOT / name).read_bytes().replace(b"\r\n", b"\n")).hexdigest() for name in names}


def set_up(dev: bool) -> Environment:
    """Bring the environment up to the locks; do nothing when it is there already."""
    env = Environment(Path(os.environ.get("BIDMERE_VENV") or ROOT / ".venv").absolute())
    locks = lock_hashes(dev)
    if not env.has(locks):
        base = suitable_python()
        made_here = make_environment(env, base)
        say(f"installing what Bidmere needs into {env.folder} (once; about 250 MB)")
        env.write_record(made_here, {})
        install(env, ROOT / (DEV_LOCK if dev else LOCK), base)
        env.write_record(made_here, locks)
        say("ready")
    put_sources_on_path(env)
    return env


def make_environment(env: Environment, base: str) -> bool:
    """Make the environment where it is missing or half made; return whether it is ours to remove."""
    record = env.record()
    inside = Path(sys.prefix).resolve() == env.folder.resolve()
    made_here = bool(record.get("made_here"))
    if made_here and not inside and not (record.get("locks") and env.python.exists()):
        shutil.rmtree(env.folder)  # an earlier set-up was cut off, or its Python has gone
    if env.python.exists():
        if not is_suitable(str(env.python)):
            raise SetUpError(f"the environment in {env.folder} does not run Python 3.11 or newer: move it away.")
        return made_here
    env.write_record(made_here=True, locks={})
    run([base, "-m", "venv", "--without-pip", str(env.folder)], "could not make a virtual environment")
    return True


def install(env: Environment, lock: Path, base: str) -> None:
    """Install the lock with uv, or with pip where uv is missing or cannot."""
    quiet = [] if sys.stdout.isatty() else ["-q"]
    uv = shutil.which("uv")
    if uv:
        command = [uv, "pip", "install", *quiet, "--python", str(env.python), "--require-hashes", "--compile-bytecode"]
        if subprocess.run([*command, "-r", str(lock)], check=False).returncode == 0:
            return
        say("uv could not install; trying pip")
    if not has_pip(env):
        give_pip(env, base)
    pip = [str(env.python), "-m", "pip", "install", *quiet, "--no-compile", "--disable-pip-version-check"]
    run(
        [*pip, "--require-hashes", "-r", str(lock)],
        "pip could not install the libraries: check the network (or pip's index settings) and run this again",
    )
    # All processors at once, where pip would compile file by file; a file Python cannot compile is never imported.
    compiler = [str(env.python), "-m", "compileall", "-qq", "-j", "0", str(env.site_packages())]
    subprocess.run(compiler, stdout=subprocess.DEVNULL, check=False)


def has_pip(env: Environment) -> bool:
    return subprocess.run([str(env.python), "-c", "import pip"], capture_output=True, check=False).returncode == 0


def give_pip(env: Environment, base: str) -> None:
    """Put pip into the environment; Debian and Ubuntu keep ensurepip in a package of its own."""
    ensure = [str(env.python), "-m", "ensurepip", "--default-pip"]
    if subprocess.run(ensure, capture_output=True, check=False).returncode == 0:
        return
    version = subprocess.run(
        [base, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"], capture_output=True, text=True, check=True
    ).stdout.strip()
    install_system_packages([(f"python{version}-venv",)], f"this Python has no pip (ensurepip of {version})")
    run(ensure, "could not put pip into the environment")


def put_sources_on_path(env: Environment) -> None:
    """Let every Python of the environment import the four source roots, spawned workers included.

    The lines are relative to site-packages, so the checkout may move.
    """
    site = env.site_packages()
    lines = "".join(f"{os.path.relpath(ROOT / name, site)}\n" for name in SOURCE_ROOTS)
    path_file = site / "bidmere-sources.pth"
    if not path_file.exists() or path_file.read_text(encoding="utf-8") != lines:
        path_file.write_text(lines, encoding="utf-8")


# ── the system ───────────────────────────────────────────────────────────────────────────────────────────────────────


def missing_libraries(libraries: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Return those of `libraries` that the system's loader does not find."""
    missing = {}
    for name, packages in libraries.items():
        try:
            ctypes.CDLL(name)
        except OSError:
            missing[name] = packages
    return missing


def check_system(offscreen: bool) -> None:
    """See that Qt finds its system libraries on Linux, and install or name the missing ones."""
    if not sys.platform.startswith("linux"):
        return
    missing = missing_libraries(QT_LIBRARIES if offscreen else {**QT_LIBRARIES, **XCB_LIBRARIES})
    if missing:
        install_system_packages(list(missing.values()), f"Qt needs system libraries: {', '.join(missing)}")
        still = missing_libraries(missing)
        if still:
            raise SetUpError(f"the loader still does not find {', '.join(still)}: is the library path unusual?")


def install_system_packages(wanted: list[tuple[str, ...]], reason: str) -> None:
    """Install Debian packages when that needs no password; otherwise raise with the exact command."""
    if not shutil.which("apt-get"):
        raise SetUpError(f"{reason}. Install them with your system's package manager, then run this again.")
    prefix = privilege()
    if prefix is None:
        packages = " ".join(known_packages(wanted))
        command = f"sudo apt-get update && sudo apt-get install -y --no-install-recommends {packages}"
        raise SetUpError(f"{reason}. Install them, then run this again:\n    {command}")
    say(f"{reason}; installing")
    apt = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"]
    subprocess.run([*apt, "update"], check=False)
    packages_now = known_packages(wanted)
    by_hand = f"apt-get install {' '.join(packages_now)}"
    run([*apt, "install", "-y", "--no-install-recommends", *packages_now], f"{reason}, and this failed: {by_hand}")


def privilege() -> list[str] | None:
    """Return what to put before apt-get, or None when it would ask for a password."""
    if os.geteuid() == 0:
        return []
    sudo = shutil.which("sudo")
    if sudo and subprocess.run([sudo, "-n", "true"], capture_output=True, check=False).returncode == 0:
        return [sudo, "-n"]
    return None


def known_packages(wanted: list[tuple[str, ...]]) -> list[str]:
    """Choose of each package's names the one this release knows (the oldest where apt has no lists)."""
    return sorted({next((name for name in names if is_known(name)), names[-1]) for names in wanted})


def is_known(package: str) -> bool:
    found = subprocess.run(["apt-cache", "show", package], capture_output=True, check=False)
    return found.returncode == 0 and bool(found.stdout.strip())


def has_screen() -> bool:
    if not sys.platform.startswith("linux"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY") or os.environ.get("QT_QPA_PLATFORM"))


def draws_without_screen(arguments: list[str]) -> bool:
    """Tell whether the desk is asked for a picture, a dump or its version only, which need no screen."""
    return any(argument.startswith(("--screenshot", "--ui-dump", "--version")) for argument in arguments)


# ── commands ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def run(command: list[str], failure: str) -> None:
    """Run a step of the set-up and raise `failure` when it does not succeed."""
    code = subprocess.run(command, stdin=subprocess.DEVNULL, check=False).returncode
    if code:
        raise SetUpError(f"{failure} (exit code {code}).")


def become(command: list[str]) -> int:
    """Run the program in this one's place; its exit code is ours."""
    sys.stdout.flush()
    sys.stderr.flush()
    if not WINDOWS:
        os.execv(command[0], command)
    process = subprocess.Popen(command)
    while True:
        with contextlib.suppress(KeyboardInterrupt):  # Ctrl-C reaches the program too; wait for its own ending
            return process.wait()


def start_desk(arguments: list[str]) -> int:
    """Start the desk, or say what to do on a machine without a screen."""
    picture_only = draws_without_screen(arguments)
    if picture_only and not has_screen():
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    env = set_up(dev=False)
    if not has_screen():
        say(
            "this machine has no screen (neither DISPLAY nor WAYLAND_DISPLAY is set). Without one you can use the "
            "command line, `python run.py cli --help`; take a picture of the desk, `python run.py --screenshot "
            "desk.png`; or run the desk unseen with QT_QPA_PLATFORM=offscreen."
        )
        return EXIT_NO_SCREEN
    check_system(offscreen=os.environ.get("QT_QPA_PLATFORM", "") in ("offscreen", "minimal"))
    return become([str(env.python), "-m", "bidmere_terminal", *arguments])


def run_tests(arguments: list[str]) -> int:
    """Run the whole tests, or those the arguments name, on the offscreen platform."""
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    os.chdir(ROOT)
    env = set_up(dev=True)
    check_system(offscreen=True)
    serial = {"-n", "--pdb", "-s", "--trace", "--collect-only", "--co"}
    workers = min(4, os.cpu_count() or 1)
    together = workers > 1 and not any(argument in serial or argument.startswith("-n") for argument in arguments)
    spread = ["-n", str(workers), "--dist", "worksteal"] if together else []
    return become([str(env.python), "-m", "pytest", *spread, *arguments])


def run_cli(arguments: list[str]) -> int:
    return become([str(set_up(dev=False).python), "-m", "bidmere", *arguments])


def only_set_up(arguments: list[str]) -> int:
    set_up(dev="--dev" in arguments)
    check_system(offscreen=not has_screen())
    say("set up; start the desk with `python run.py`")
    return 0


def write_locks(_arguments: list[str]) -> int:
    """Resolve the dependencies of pyproject.toml for every supported Python and system, with hashes and no hosts."""
    uv = shutil.which("uv")
    if not uv:
        raise SetUpError("writing the locks needs uv on PATH: https://docs.astral.sh/uv")
    options = ["--universal", "--python-version", "3.11", "--generate-hashes", "--upgrade", "--quiet"]
    bare = ["--no-header", "--no-annotate", "--no-emit-index-url", "--no-emit-find-links"]
    note = "# Written by `python run.py lock` from pyproject.toml: change that file, not this one.\n"
    for name, extra in ((LOCK, []), (DEV_LOCK, ["--group", "dev", "--constraint", LOCK])):
        command = [uv, "pip", "compile", "pyproject.toml", *options, *bare, *extra]
        resolved = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
        if resolved.returncode:
            raise SetUpError(f"uv could not resolve {name}: its own words are above.")
        (ROOT / name).write_text(note + resolved.stdout, encoding="utf-8")
        say(f"wrote {name}")
    return 0


COMMANDS = {"test": run_tests, "cli": run_cli, "setup": only_set_up, "lock": write_locks}


def main(arguments: list[str]) -> int:
    if arguments and arguments[0] in ("-h", "--help"):
        print(__doc__)
        return 0
    try:
        if arguments and arguments[0] in COMMANDS:
            return COMMANDS[arguments[0]](arguments[1:])
        return start_desk(arguments)
    except SetUpError as error:
        say(str(error))
        return EXIT_CANNOT_SET_UP
    except KeyboardInterrupt:
        say("interrupted; run it again to go on")
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

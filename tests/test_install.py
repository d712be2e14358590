"""A plain and an editable install carry the start-up hook, and take it away again."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
PARTS = (
    "fairseq_alignmlm",
    "fairseq_startup",
    "data_prep",
    "*.py",
    "*.toml",
    "*.pth",
    "*.in",
    "*.txt",
    "*.md",
    "LICENSE",
)
LOAD = """
import argparse, sys
assert "fairseq_startup" in sys.modules and "fairseq" not in sys.modules
import fairseq
from fairseq.tasks import TASK_REGISTRY
fairseq.utils.import_user_module(argparse.Namespace(user_dir="fairseq_alignmlm"))
assert "multilingual_mlm" in TASK_REGISTRY
print(sys.modules["fairseq_alignmlm"].__file__)
"""


def run(*command: str | Path, folder: Path) -> str:
    done = subprocess.run([*map(str, command)], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


@pytest.fixture
def source(repository, tmp_path) -> Path:
    """A copy of what is packaged: an in-tree build leaves folders behind."""
    copy = tmp_path / "source"
    copy.mkdir()
    for part in (path for pattern in PARTS for path in repository.glob(pattern)):
        if part.is_dir():
            shutil.copytree(part, copy / part.name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(part, copy)
    return copy


@pytest.fixture
def environment(tmp_path) -> Path:
    """An environment that sees the libraries of this one, but neither its start-up files nor this package."""
    venv.create(tmp_path / "environment", symlinks=True)
    libraries = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (site_packages(tmp_path / "environment") / "libraries.pth").write_text("\n".join(sorted(libraries)) + "\n")
    return tmp_path / "environment"


def site_packages(environment: Path) -> Path:
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    return environment / "lib" / version / "site-packages"


@pytest.fixture
def installer(environment, tmp_path) -> Callable[..., str]:
    """Whichever installer is here, working on ``environment``."""
    python = environment / "bin" / "python"
    if importlib.util.find_spec("pip") is not None:
        pip = [sys.executable, "-m", "pip", "--python", python, "--disable-pip-version-check"]
        return lambda verb, *options: run(
            *pip, verb, *(["-y"] if verb == "uninstall" else []), *options, folder=tmp_path
        )
    uv = shutil.which("uv")
    if uv is None:
        pytest.skip("neither pip nor uv is here")
    return lambda verb, *options: run(uv, "pip", verb, "--python", python, *options, folder=tmp_path)


@pytest.mark.parametrize("editable", [False, True], ids=["plain", "editable"])
def test_the_hook_comes_and_goes_with_the_package(source, environment, installer, editable, tmp_path):
    start_up_file = site_packages(environment) / "fairseq_startup.pth"
    python = environment / "bin" / "python"
    installer("install", "--no-deps", "--no-build-isolation", *(["-e"] if editable else []), source)

    assert start_up_file.read_text() == "import fairseq_startup\n"
    root = source if editable else site_packages(environment)
    assert run(python, "-c", LOAD, folder=tmp_path).split() == [str(root / "fairseq_alignmlm" / "__init__.py")]
    # As the console scripts do it, which find nothing in the working directory.
    script = tmp_path / "script.py"
    script.write_text(LOAD)
    (tmp_path / "elsewhere").mkdir()
    run(python, script, folder=tmp_path / "elsewhere")

    installer("uninstall", "fairseq-alignmlm")
    assert not start_up_file.exists()
    assert run(python, "-c", "import sys; print('fairseq_startup' in sys.modules)", folder=tmp_path) == "False\n"


def test_a_wheel_has_the_packages_with_their_data_and_nothing_else(source, environment, installer):
    installer("install", "--no-deps", "--no-build-isolation", source)
    installed = site_packages(environment)
    names = {path.name for path in installed.iterdir() if not path.name.startswith(("_", "pip", "setuptools"))}
    (information,) = installed.glob("*.dist-info")
    packages = {"fairseq_alignmlm", "fairseq_startup", "data_prep"}
    assert names == packages | {"fairseq_startup.pth", "libraries.pth", information.name}
    for package in packages:
        here = {path.relative_to(source) for path in (source / package).rglob("*") if path.is_file()}
        there = {path.relative_to(installed) for path in (installed / package).rglob("*") if path.is_file()}
        assert here == {path for path in there if path.suffix != ".pyc"}
    metadata = (information / "METADATA").read_text()
    assert "Requires-Dist: fairseq" not in metadata
    assert "Requires-Python: >=3.10" in metadata


def test_the_environment_script_takes_a_ready_environment_as_it_is(repository, tmp_path):
    code = 'source "$0"; command -v python; python -c "import sys; print(sys.prefix)"'
    settings = os.environ | {"FAIRSEQ_ALIGNMLM_PYTHON": sys.executable}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", code, repository / "recipes" / "environment.sh"],
        cwd=tmp_path,
        env=settings,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [str(Path(sys.executable).parent / "python"), sys.prefix]


def test_the_environment_script_leaves_folders_alone_that_it_did_not_make(repository, tmp_path):
    precious = tmp_path / "environment" / "precious"
    precious.mkdir(parents=True)
    settings = {k: v for k, v in os.environ.items() if k != "FAIRSEQ_ALIGNMLM_PYTHON"}
    settings["FAIRSEQ_ALIGNMLM_ENVIRONMENT"] = str(tmp_path / "environment")
    script = str(repository / "recipes" / "environment.sh")
    done = subprocess.run(["bash", "-c", 'source "$0"', script], env=settings, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith("error: ") and "was not made by this script" in done.stderr
    assert precious.is_dir()


STUB = """#!/bin/bash
echo "$@" >>"$LOG"
if [[ $1 == venv ]]; then
    mkdir -p "${*: -1}/bin"
    for name in python alignmlm; do ln -sf "$REAL" "${*: -1}/bin/$name"; done
fi
"""


def test_the_environment_script_adds_what_is_lacking_and_makes_nothing_anew_for_it(repository, tmp_path):
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "uv").write_text(STUB)
    (tmp_path / "bin" / "uv").chmod(0o755)
    (tmp_path / "real").write_text(f'#!/bin/bash\nexec "{sys.executable}" "$@"\n')
    (tmp_path / "real").chmod(0o755)
    log = tmp_path / "log"
    settings = {k: v for k, v in os.environ.items() if k != "FAIRSEQ_ALIGNMLM_PYTHON"} | {
        "FAIRSEQ_ALIGNMLM_ENVIRONMENT": str(tmp_path / "environment"),
        "FAIRSEQ_ALIGNMLM_INSTALLER": "uv",
        "LOG": str(log),
        "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}",
        "REAL": str(tmp_path / "real"),
    }

    def called(extras: str) -> list[str]:
        log.write_text("")
        code = ["bash", "-euc", 'source "$0"', repository / "recipes" / "environment.sh"]
        done = subprocess.run(code, env=settings | {"EXTRAS": extras}, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return log.read_text().splitlines()

    made = called("dev")
    assert made[0].startswith("venv") and any(line.endswith("[dev]") for line in made)
    assert called("dev") == []
    (added,) = called("dev,workflow")
    assert added.endswith("[workflow]")
    assert called("workflow") == called("dev") == []


def test_the_constraints_leave_an_installed_torch_alone() -> None:
    lines = (Path(__file__).resolve().parents[1] / "constraints.txt").read_text(encoding="utf-8").splitlines()
    assert not [line for line in lines if line.lower().startswith(("torch", "fairseq"))]

"""What all tests rely on: the installed package, its start-up hook, and where the repository is."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import hypothesis
import pytest

REPOSITORY = Path(__file__).resolve().parents[1]

# Tests run side by side; more threads in each would be in each other's way. Torch reads it when it is imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# Recipes use the environment that the tests run in, and make none.
os.environ.setdefault("FAIRSEQ_ALIGNMLM_PYTHON", sys.executable)
hypothesis.settings.register_profile("project", deadline=None, derandomize=bool(os.environ.get("CI")))
hypothesis.settings.load_profile("project")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the number of kills be chosen: few in continuous integration, more by hand."""
    parser.addoption("--kills", type=int, default=3, help="random kills of a recipe (default: 3)")


def pytest_configure(config: pytest.Config) -> None:
    """Refuse to run where the package is not installed, instead of failing in a hundred ways."""
    if "fairseq_startup" not in sys.modules:
        pytest.exit("fairseq_alignmlm is not installed here: use tests/run.sh, or see `doctor`", returncode=4)
    os.chdir(REPOSITORY)


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the repository."""
    return REPOSITORY


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The real data beside the repository; without them the test is skipped."""
    folder = REPOSITORY.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("../shared/data is not there")
    return folder

"""Tiny runs, for what can only be seen in whole recipes."""

from __future__ import annotations

from pathlib import Path

import pytest

TINY = Path(__file__).parents[1] / "recipes" / "tiny.yaml"


@pytest.fixture(scope="session")
def tiny() -> Path:
    """A scale small enough for a test."""
    return TINY

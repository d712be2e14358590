"""What made a result: versions, and the commit where the package is a checkout."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path

from fairseq_alignmlm import __version__

CHECKOUT = Path(__file__).resolve().parents[2]


@cache
def commit() -> str:
    """Return the checked-out commit, with ``+`` for changes that are not committed; nothing outside a checkout."""
    if not (CHECKOUT / ".git").exists():
        return ""
    found = []
    for words in (["rev-parse", "HEAD"], ["status", "--porcelain", "--untracked-files=no"]):
        try:
            done = subprocess.run(["git", "-C", str(CHECKOUT), *words], capture_output=True, text=True, check=True)
        except (OSError, subprocess.CalledProcessError):
            return ""
        found.append(done.stdout.strip())
    return found[0] + ("+" if found[1] else "")


def made_by() -> dict[str, str]:
    """Return the version of this package, and its commit when there is one."""
    return {"fairseq_alignmlm": __version__} | ({"commit": commit()} if commit() else {})

#!/usr/bin/env bash
# All checks and tests, on a machine that has a Python 3.10 or later and a C++ compiler and nothing else.
#
#   tests/run.sh [PYTEST ARGUMENTS]          for example: tests/run.sh -m 'not slow' tests/data_prep
#
# Time: 2 to 5 minutes for the environment the first time (see recipes/environment.sh), then about 10 minutes on two cores.
# Tests on real data read ../shared/data where it is, and say so where they are skipped.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export EXTRAS=${EXTRAS:-dev,workflow,docs} # Snakemake for the tests of the grid, mkdocs for those of the documentation
# shellcheck source=recipes/environment.sh
source recipes/environment.sh

# Two test processes on two cores: more threads in each would be in each other's way.
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}

python -m fairseq_alignmlm doctor
ruff check .
ruff format --check .
mypy
if command -v shellcheck >/dev/null; then
    shellcheck -x recipes/*.sh tests/run.sh .ci/run
else
    echo "shellcheck is not installed: shell scripts are not checked" >&2
fi
workers=()
if python -c 'import xdist' 2>/dev/null; then workers=(-n 2 --dist loadgroup); fi
exec python -m pytest "${workers[@]}" "$@"

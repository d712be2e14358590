#!/usr/bin/env bash
# The paper's Table 3 in one command: objectives x transformations x tasks x seeds, any of it in parallel, and the report.
# Makes the environment when it is missing, with Snakemake (extra [workflow]).
#
#   recipes/paper.sh --scale toy --cores 2          36 runs on the embedded synthetic language
#   recipes/paper.sh --scale toy --seeds 1 --dry-run
#
# A failed run does not stop the others and is listed at the end; the same command goes on where it stopped.
# Output: work/SCALE/en-en_*/runs, work/SCALE/grid (logs), work/SCALE/report. On a cluster: -- --executor slurm
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
export EXTRAS=${EXTRAS:-dev,workflow}
# shellcheck source=recipes/environment.sh
source "$here/environment.sh"
exec alignmlm run paper "$@"

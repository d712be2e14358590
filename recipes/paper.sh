#!/usr/bin/env bash
# The paper's Table 3 in one command: objectives x transformations x tasks x seeds, any of it in parallel, and the report.
# Makes the environment when it is missing, with Snakemake (extra [workflow]).
#
#   recipes/paper.sh --cores 2 --config scale=toy             36 runs on the embedded synthetic language
#   recipes/paper.sh --dry-run --config scale=toy seeds=1     what would be done
#
# All options are Snakemake's, all settings (--config) in recipes/paper/Snakefile. Without --cores or --jobs: all cores.
# A failed run does not stop the others and is listed at the end; the same command goes on where it stopped.
# Output: work/SCALE/en-en_*/runs, work/SCALE/grid (logs), work/SCALE/report. Time, disk: README, The whole grid.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
export EXTRAS=${EXTRAS:-dev,workflow}
# shellcheck source=recipes/environment.sh
source "$here/environment.sh"
python -c 'import sys, importlib.util; sys.exit(importlib.util.find_spec("snakemake") is None)' || {
    echo "error: $FAIRSEQ_ALIGNMLM_PYTHON has no Snakemake; install the extra: pip install 'snakemake>=8'" >&2
    exit 2
}
cores=(--cores all)
for option; do
    case $option in -c* | --cores* | -j* | --jobs*) cores=() ;; esac
done
exec python -m snakemake --snakefile "$here/paper/Snakefile" "${cores[@]}" "$@"

#!/usr/bin/env bash
# PreAlign beside ALIGN-MLM and MLM in the grid: every transformation, several seeds, and the report. Options are those of
# paper.sh; --set prealign.counted=true --set variant=counted gives all objectives equally many updates.
#
#   recipes/prealign.sh --scale toy --cores 2
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
export EXTRAS=${EXTRAS:-dev,workflow}
# shellcheck source=recipes/environment.sh
source "$here/environment.sh"
exec alignmlm run paper --objective mlm,align_mlm,prealign "$@"

#!/usr/bin/env bash
# Two or more natural languages, from raw text or going on from a Hugging Face folder such as XLM-R (--checkpoint DIR).
# Input: --text LANGUAGE=PATH for each; --dictionary L1-L2=FILE, --parallel L1-L2=FILE,FILE where there are some.
# Output: WORK/runs/OBJECTIVE-SEED: pretrained.pt, alignment.L1-L2.json for every dictionary, measured/ for all pairs.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=recipes/environment.sh
source "$here/environment.sh"
exec alignmlm run languages "$@"

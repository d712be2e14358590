#!/usr/bin/env bash
# The main job in one command: MLM against ALIGN-MLM on the embedded synthetic language under T_trans∘T_inv.
# Makes the environment when it is missing. Time: under 10 minutes on 2 cores. Disk: 2 GB, mostly the environment.
# Output: work/toy/en-en_trans_inv/report/: a table (also printed), figures, one HTML page.
# Numbers to expect: README, Quick start.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
exec "$here/trans_inv.sh" --scale toy --objective mlm,align_mlm --seeds 1 "$@"

#!/usr/bin/env bash
# The main job in one command: MLM against ALIGN-MLM on the embedded synthetic language under T_trans∘T_inv.
# Makes the environment when it is missing. Time: 4 to 10 minutes on 2 cores. Disk: 2 GB, mostly the environment.
# Output: work/toy/en-en_trans_inv/report/: a table (also printed), figures, one HTML page.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=recipes/environment.sh
source "$here/environment.sh"
exec alignmlm run quickstart "$@"

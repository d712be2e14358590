#!/usr/bin/env bash
# Align the runs of a prepared pair with sentence pairs after pre-training (PPA, XLCO): sentence retrieval on held-out
# sentences and zero-shot transfer, before and after.
# Input: the folder of a pair, such as work/toy/en-en_trans_inv of trans_inv.sh; natural languages with --parallel
# Time, disk: toy: about half of MLM's pre-training for each; see docs/post-pretraining.md
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=recipes/environment.sh
source "$here/environment.sh"
exec alignmlm run ppa "$@"

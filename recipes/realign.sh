#!/usr/bin/env bash
# Realign the runs of a prepared pair with linked words, before, during or after fine-tuning on L1, and compare both.
# Input: the folder of a pair, with its pre-trained runs or without, such as work/toy/en-en_trans_inv of trans_inv.sh
# Time, disk: toy: about as much as fine-tuning for each way; see docs/realignment.md
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=recipes/environment.sh
source "$here/environment.sh"
exec alignmlm run realign "$@"

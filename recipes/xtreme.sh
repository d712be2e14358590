#!/usr/bin/env bash
# XTREME's own protocol for natural languages: a checkpoint such as XLM-R is fine-tuned on English, the best epoch on the
# English dev set is kept, and every language of the task is tested.
# Input: --checkpoint with dict.txt and sentencepiece.bpe.model beside it; --data with train-en.tsv, dev-en.tsv, test-*.tsv
# Time, disk: XLM-R base on one GPU: hours and 15 GB (checkpoints with optimizer state).
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=recipes/environment.sh
source "$here/environment.sh"
exec alignmlm run xtreme "$@"

#!/usr/bin/env bash
# T_trans∘T_inv: English against its transliterated copy with the words of every sentence in reverse order.
# Time and disk: toy 10 minutes, small 1 to 2 hours (2 cores, two objectives, two seeds), paper see README.
# Options: recipes/trans_inv.sh --help. Numbers to expect: README, Results.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
exec "$here/pair.sh" inv "$@"

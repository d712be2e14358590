#!/usr/bin/env bash
# T_trans: English against its transliterated copy, which keeps the word order and shares no symbol.
# Time and disk: toy 10 minutes, small 1 to 2 hours (2 cores, two objectives, two seeds), paper see README.
# Options: recipes/trans.sh --help. Numbers to expect: README, Results.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
exec "$here/pair.sh" "" "$@"

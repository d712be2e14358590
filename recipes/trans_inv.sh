#!/usr/bin/env bash
# T_trans∘T_inv: English against its transliterated copy with the words of every sentence in reverse order.
# Time: toy 5 minutes, small 1 to 2 hours (2 cores, two objectives, two seeds). Options: recipes/trans_inv.sh --help
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=recipes/environment.sh
source "$here/environment.sh"
exec alignmlm run trans_inv "$@"

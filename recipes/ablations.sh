#!/usr/bin/env bash
# The paper's ablations, one setting at a time: size of the dictionary (Tables 2, 4, 5), parallel sentences (Tables 1, 6),
# shared vocabulary (Table 7), weight of the alignment loss (G.5). A run that is there is not made again.
# Time: toy 10 runs a seed for all sweeps, 2 to 3 minutes each on one core. Options: recipes/ablations.sh --help
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=recipes/environment.sh
source "$here/environment.sh"
exec alignmlm run ablations "$@"

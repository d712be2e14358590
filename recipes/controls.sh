#!/usr/bin/env bash
# What plain MLM needs to align two languages: the scale `emergence` with one thing changed at a time (Dufter and Schütze
# 2020): random tokens, special symbols, positions, depth, vocabulary, the same text or another, word order.
# Time: 12 runs a seed, one to two hours each on one core. Options: recipes/controls.sh --help
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=recipes/environment.sh
source "$here/environment.sh"
exec alignmlm run controls "$@"

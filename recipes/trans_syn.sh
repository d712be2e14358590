#!/usr/bin/env bash
# T_trans∘T_syn: English against its transliterated copy in the word order of French (or another language).
# Toy has gold trees and a French-like order of its own. Real text needs ordering models (--orders) and a parser (stanza,
# extra [syntax]; --parser for a folder of your own models) or trees beside the text.
# Time and disk: toy 4 minutes a run on one core, small 1 to 2 hours and the parsing (2 cores), paper see README.
# Options: recipes/trans_syn.sh --help. Numbers to expect: README, Results.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
exec "$here/pair.sh" syn "$@"

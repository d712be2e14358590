#!/usr/bin/env bash
# T_trans∘T_syn: English against its transliterated copy in the word order of French (or another language).
# Toy has gold trees and a French-like order of its own. Real text needs ordering models (--orders) and a parser (stanza,
# extra [syntax]; --parser for a folder of your own models) or trees beside the text. Options: recipes/trans_syn.sh --help
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=recipes/environment.sh
source "$here/environment.sh"
exec alignmlm run trans_syn "$@"

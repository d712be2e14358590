#!/usr/bin/env bash
# Two natural languages, such as English and French, instead of a language and one derived from it.
# Input: text of both, a dictionary; labelled data and parallel text where there are some. Output: WORK/SCALE/<l1>-<l2>/.
# CoNLL and TSV files become text with: alignmlm-data extract FILE --format conll|tsv --output TEXT
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=recipes/environment.sh
source "$here/environment.sh"
exec alignmlm run natural "$@"

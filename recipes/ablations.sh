#!/usr/bin/env bash
# The paper's ablations, one setting at a time: size of the dictionary (Tables 2, 4, 5), parallel sentences (Tables 1, 6),
# shared vocabulary (Table 7), weight of the alignment loss (G.5).
#
#   recipes/ablations.sh [--sweep NAMES] [--transformation NAME] [options of recipes/trans_inv.sh]
#
#   --sweep NAMES          dictionary, parallel, overlap, alpha, comma-separated (default: all)
#   --transformation NAME  trans, trans_inv or trans_syn (default: trans_inv)
#
# Time: toy 10 runs a seed for all sweeps, 2 to 3 minutes each on one core. A run that is there is not made again.
# Output: WORK/SCALE/ablations/: one report of all runs. Numbers to expect: README, Results.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=recipes/environment.sh
source "$here/environment.sh"

sweeps=dictionary,parallel,overlap,alpha transformation=trans_inv scale=toy work=work options=()
while (($#)); do
    case $1 in
    --help | -h)
        sed -n '2,/^set -e/{/^set -e/d;s/^# \{0,1\}//;p}' "$0"
        exit 0
        ;;
    --objective | --dictionary-percent | --tlm-ratio | --align-alpha | --overlap | --stage | --stop-stage)
        echo "error: $1 is what a sweep sets; see --help" >&2
        exit 2
        ;;
    esac
    (($# > 1)) || { echo "error: $1 needs a value; see --help" >&2 && exit 2; }
    case $1 in
    --sweep) sweeps=$2 ;;
    --transformation) transformation=$2 ;;
    --scale) scale=$2 options+=("$1" "$2") ;;
    --work) work=$2 options+=("$1" "$2") ;;
    *) options+=("$1" "$2") ;;
    esac
    shift 2
done
case $transformation in
trans | trans_inv | trans_syn) ;;
*)
    echo "error: unknown transformation '$transformation'; choose trans, trans_inv or trans_syn" >&2
    exit 2
    ;;
esac
for sweep in ${sweeps//,/ }; do
    case $sweep in
    dictionary | parallel | overlap | alpha) ;;
    *)
        echo "error: unknown sweep '$sweep'; choose dictionary, parallel, overlap, alpha" >&2
        exit 2
        ;;
    esac
done

runs() { # objectives, setting, values: the chain up to the runs
    local value
    for value in "${@:3}"; do
        echo "== $1, $2 $value"
        "$here/$transformation.sh" "${options[@]}" --objective "$1" "$2" "$value" --stop-stage 7
    done
}

for sweep in ${sweeps//,/ }; do
    case $sweep in
    dictionary) runs dict_mlm,align_mlm --dictionary-percent 25 50 100 ;;
    parallel) runs xlm --tlm-ratio 0.01 0.1 0.25 1.0 ;;
    overlap) runs xlm --overlap 0 0.25 0.5 ;;
    alpha) runs align_mlm --align-alpha 1 10 100 ;;
    esac
done
folder=$work/$(basename "$scale" .conf)
shopt -s nullglob # without the sweep of the overlap there is one pair only
python -m fairseq_alignmlm report --output "$folder/ablations" \
    --results "$folder/en-en_$transformation/runs" "$folder/en-en_$transformation".overlap*/runs

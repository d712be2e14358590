#!/usr/bin/env bash
# Two natural languages, such as English and French, instead of a language and one derived from it.
#
# Objectives as in pair.sh; XLM needs parallel text (--parallel) and is refused without it. Alignment is precision at 1
# and 5, by cosine and by CSLS, on dictionary entries that training never saw.
#
# Input:  text of both languages and a dictionary; labelled data and parallel text where there are some.
#         Text: wikiextractor files, plain text, or one sentence a line. CoNLL and TSV files become text with
#         python -m data_prep extract FILE --format conll|tsv --output TEXT
# Output: WORK/SCALE/<l1>-<l2>[.separate]/: data, dictionary.tsv, dictionary.held_out.tsv,
#         runs/<objective>-<seed>/{alignment,result}.json, report/
# Time:   per run as for the derived pairs of the scale (README); more with a larger --vocabulary
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=recipes/environment.sh
source "$here/environment.sh"
# shellcheck source=recipes/common.sh
source "$here/common.sh"

usage() {
    cat <<'USAGE'
usage: recipes/natural.sh --l1-corpus PATH --l2-corpus PATH --dictionary FILE [options]
  --languages L1,L2          their codes (default: en,fr)
  --l1-corpus PATH           text of L1, file or folder; may be repeated
  --l2-corpus PATH           text of L2; may be repeated
  --dictionary FILE          MUSE, XLing-Eval or Wiktionary file, L1 to L2; may be repeated
  --held-out F               share of the dictionary's L1 words kept for measuring (default: 0.2)
  --dictionary-seed N        which words those are (default: 1)
  --parallel L1FILE,L2FILE   files of equally many lines, for XLM; may be repeated
  --scale small|paper        settings in recipes/scales, or a file.conf of your own (default: small)
  --vocabulary N             pieces of the joint vocabulary (default: twice the scale's, as a derived pair has)
  --symbols shared|separate  shared: equal pieces are one symbol, as in mBERT and XLM-R, and anchor the two languages
                             (default); separate: no symbol is shared, as in the derived pairs of the paper
  --sampling-alpha A         languages are sampled in proportion to size ** A (default: 0.7)
  --objective NAMES          mlm, xlm, dict_mlm, align_mlm, comma-separated, or all (default: all; without --parallel
                             all but xlm)
  --seeds N,N,...            one run of every objective per seed (default: 1)
  --pos-train F,F            POS data of L1 and of L2, XTREME TSV or CoNLL-U; --pos-dev F,F likewise: fine-tuned on
                             either language, tested on L2 (optional)
  --tlm-ratio R              sentence pairs of XLM, relative to the sentences of L1, all if there are fewer (default: 1)
  --align-alpha A            weight of the alignment loss (default: 10)
  --work DIR                 where everything is written (default: work)
  --jobs N                   runs at a time, one thread each (default: one per GPU, else one per core)
  --stage N --stop-stage N   first and last stage: 1 text, 2 vocabulary, 3 encode, 4 dictionary, 5 binarize,
                             6 parallel and labelled data, 7 runs, 8 report
USAGE
}

languages=en,fr scale=small objectives=all seeds=1 work=work jobs='' stage=1 stop_stage=8
held_out=0.2 dictionary_seed=1 pieces='' symbols=shared sampling_alpha=0.7 ratio=1 alpha='' pos_train='' pos_dev=''
l1_corpus=() l2_corpus=() dictionaries=() bitext=()
while (($#)); do
    [[ $1 == --help || $1 == -h ]] && { usage; exit 0; }
    (($# > 1)) || fail "$1 needs a value; see --help"
    case $1 in
    --languages) languages=$2 ;;
    --l1-corpus) l1_corpus+=("$2") ;;
    --l2-corpus) l2_corpus+=("$2") ;;
    --dictionary) dictionaries+=("$2") ;;
    --held-out) held_out=$2 ;;
    --dictionary-seed) dictionary_seed=$2 ;;
    --parallel)
        [[ $2 == ?*,?* ]] || fail "--parallel $2: give two files of equally many lines, L1FILE,L2FILE"
        bitext+=(--input "${2%%,*}" "${2#*,}")
        ;;
    --scale) scale=$2 ;;
    --vocabulary) pieces=$2 ;;
    --symbols) symbols=$2 ;;
    --sampling-alpha) sampling_alpha=$2 ;;
    --objective) objectives=$2 ;;
    --seeds) seeds=$2 ;;
    --pos-train) pos_train=$2 ;;
    --pos-dev) pos_dev=$2 ;;
    --tlm-ratio) ratio=$(number "$1" "$2") ;;
    --align-alpha) alpha=$(number "$1" "$2") ;;
    --work) work=$2 ;;
    --jobs) jobs=$2 ;;
    --stage) stage=$2 ;;
    --stop-stage) stop_stage=$2 ;;
    *) fail "unknown option $1; see --help" ;;
    esac
    shift 2
done
[[ $scale == toy ]] && fail "--scale toy is the synthetic language; choose small, paper or give your own file.conf"
find_scale
[[ $languages =~ ^[A-Za-z]+,[A-Za-z]+$ ]] || fail "--languages $languages: give two codes, such as en,fr"
l1=${languages%,*} l2=${languages#*,}
[[ $l1 != "$l2" ]] || fail "--languages $languages: give two different languages"
[[ $symbols == shared || $symbols == separate ]] || fail "--symbols $symbols: choose shared or separate"
((${#l1_corpus[@]} && ${#l2_corpus[@]})) || fail "give text of both languages, --l1-corpus and --l2-corpus; see --help"
((${#dictionaries[@]})) || fail "give a dictionary of $l1 and $l2, --dictionary; see --help"
[[ $held_out =~ ^0?\.[0-9]*[1-9][0-9]*$ ]] || fail "--held-out $held_out: give a share between 0 and 1, such as 0.2"
[[ -z $pos_train$pos_dev || ($pos_train == ?*,?* && $pos_dev == ?*,?*) ]] ||
    fail "--pos-train and --pos-dev belong together; give two files to each, one of $l1 and one of $l2: FILE,FILE"
if [[ $objectives == all ]]; then
    objectives=mlm,xlm,dict_mlm,align_mlm
    if ((${#bitext[@]} == 0)); then
        objectives=mlm,dict_mlm,align_mlm
        say "xlm is left out: it needs parallel text of $l1 and $l2, --parallel"
    fi
elif [[ ,$objectives, == *,xlm,* ]] && ((${#bitext[@]} == 0)); then
    fail "objective xlm needs parallel text of $l1 and $l2: give --parallel ${l1^^}FILE,${l2^^}FILE"
fi
# shellcheck source=recipes/scales/small.conf
source "$settings"
pieces=${pieces:-$((2 * vocabulary))}
workers=${jobs:-$(env -u OMP_NUM_THREADS nproc)}
check_options "${l1_corpus[@]}" "${l2_corpus[@]}" "${dictionaries[@]}"
for files in "$pos_train" "$pos_dev"; do
    [[ ! $files ]] || check_options "${files%%,*}" "${files#*,}" # a comma within a name ends here
done

pair=$work/$scale/$l1-$l2
if [[ $symbols == separate ]]; then pair+=.separate; fi # other symbols, so other data
mkdir -p "$pair"

if at 1 "text of $l1 and $l2"; then
    python -m data_prep sentences --pair "$pair" --language "$l1" --workers "$workers" "${l1_corpus[@]}"
    python -m data_prep sentences --pair "$pair" --language "$l2" --workers "$workers" "${l2_corpus[@]}"
fi
if at 2 "joint vocabulary of $pieces pieces"; then
    python -m data_prep vocabulary --pair "$pair" --languages "$languages" --size "$pieces"
fi
if at 3 "encode, symbols $symbols"; then
    python -m data_prep encode --pair "$pair" --languages "$languages" --symbols "$symbols" --workers "$workers"
fi
if at 4 "dictionary, $held_out of it held out"; then
    own_symbols=()
    if [[ $symbols == separate ]]; then own_symbols=(--l2-symbols "$pair/symbols.$l2.tsv"); fi
    python -m data_prep translations --input "${dictionaries[@]}" --model "$pair/spm.model" --dict "$pair/bin/dict.txt" \
        "${own_symbols[@]}" --held-out "$held_out" --seed "$dictionary_seed" --output "$pair/dictionary.tsv" \
        --text "$pair/text/$l1/train.txt" --l2-text "$pair/text/$l2/train.txt"
fi
if at 5 "binarize with fairseq-preprocess"; then
    python -m data_prep binarize --pair "$pair" --languages "$l1" "$l2" --workers "$workers"
fi
if at 6 "parallel and labelled data"; then
    if ((${#bitext[@]})); then
        python -m data_prep bitext --pair "$pair" --languages "$languages" "${bitext[@]}" --workers "$workers"
    fi
    if [[ $pos_train ]]; then
        python -m data_prep xtreme --pair "$pair" --task udpos --language "$l1" --train "${pos_train%%,*}" --dev "${pos_dev%%,*}"
        python -m data_prep xtreme --pair "$pair" --task udpos --language "$l2" --train "${pos_train#*,}" --dev "${pos_dev#*,}" \
            --labels-of "${pos_train%%,*}"
    fi
fi

cat >"$pair/pair.conf" <<CONF
natural=$symbols
source_language=$l1
derived_language=$l2
transformation=natural
vocabulary=$pieces
tlm_ratio=1
instances+=(--sampling-alpha $sampling_alpha)
CONF

run_options=(--tlm-ratio "$ratio")
if [[ $alpha ]]; then run_options+=(--align-alpha "$alpha"); fi
run_and_report --tasks "${pos_train:+pos}" "${run_options[@]}"

#!/usr/bin/env bash
# The common chain of all recipes: prepare a language pair, train and test objectives on it, report.
# Called by trans.sh, trans_inv.sh, ...; each names its transformation. Options: see usage below.
#
# Input:  text (--corpus; nothing at scale toy) and labelled data (--pos-train/--pos-dev; nothing at scale toy)
# Output: WORK/<source>-<derived>/: data, runs/<objective>-<seed>/result.json, report/
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=recipes/environment.sh
source "$here/environment.sh"
# shellcheck source=recipes/common.sh
source "$here/common.sh"

usage() {
    cat <<'USAGE'
usage: recipes/<transformation>.sh [options]
  --scale toy|small|paper    settings in recipes/scales, or a file.conf of your own (default: toy)
  --objective NAMES          mlm, xlm, dict_mlm, align_mlm, comma-separated, or all (default: all)
  --seeds N,N,...            one run of every objective per seed (default: 1)
  --corpus PATH              English text: wikiextractor files, plain text, or one sentence a line
  --pos-train F --pos-dev F  POS data, XTREME TSV or CoNLL-U
  --ner-train F --ner-dev F  NER data, XTREME TSV
  --xnli-train F --xnli-dev F  NLI data, sentence1 TAB sentence2 TAB label
  --tasks NAMES              pos, ner, xnli, comma-separated (default: all with data; of the synthetic language pos)
  --dictionary-percent P     size of the training dictionary (default: 25; Tables 4, 5)
  --tlm-ratio R              sentence pairs of XLM, relative to the sentences of L1 (default: 0.25; Table 6)
  --align-alpha A            weight of the alignment loss (default: 10; G.5)
  --overlap F                share of the vocabulary that keeps its script (default: 0; Table 7)
  --orders DIR               trans_syn: folder of ordering models (.orm), e.g. of data_prep download
  --superstrate CODE         trans_syn: whose word order to take (default: fr)
  --parser DIR               trans_syn: folder of stanza models (default: stanza's own, downloaded)
  --work DIR                 where everything is written (default: work)
  --jobs N                   runs at a time, one thread each (default: one per GPU, else one per core)
  --stage N --stop-stage N   first and last stage: 1 text, 2 vocabulary, 3 derive, 4 encode, 5 binarize,
                             6 labelled data, 7 runs, 8 report
USAGE
}

has_order() { compgen -G "$orders/$1@N.orm" >/dev/null || compgen -G "$orders/*/$1@N.orm" >/dev/null; }

transforms=$1 # word-level transformations in order, separated by spaces, e.g. "inv"; may be empty
shift
scale=toy objectives=all seeds=1 corpus='' work=work jobs='' stage=1 stop_stage=8 overlap=0 percent=''
tasks='' run_options=() orders='' superstrate=fr parser=''
declare -A train=() dev=()
while (($#)); do
    [[ $1 == --help || $1 == -h ]] && { usage; exit 0; }
    (($# > 1)) || fail "$1 needs a value; see --help"
    case $1 in
    --scale) scale=$2 ;;
    --objective) objectives=$2 ;;
    --seeds) seeds=$2 ;;
    --corpus) corpus=$2 ;;
    --pos-train) train[pos]=$2 ;;
    --pos-dev) dev[pos]=$2 ;;
    --ner-train) train[ner]=$2 ;;
    --ner-dev) dev[ner]=$2 ;;
    --xnli-train) train[xnli]=$2 ;;
    --xnli-dev) dev[xnli]=$2 ;;
    --tasks) tasks=$2 ;;
    --dictionary-percent) percent=$(number "$1" "$2") run_options+=("$1" "$percent") ;;
    --tlm-ratio | --align-alpha) value=$(number "$1" "$2") run_options+=("$1" "$value") ;;
    --overlap) overlap=$(number "$1" "$2") ;;
    --orders) orders=$2 ;;
    --superstrate) superstrate=$2 ;;
    --parser) parser=$2 ;;
    --work) work=$2 ;;
    --jobs) jobs=$2 ;;
    --stage) stage=$2 ;;
    --stop-stage) stop_stage=$2 ;;
    *) fail "unknown option $1; see --help" ;;
    esac
    shift 2
done
find_scale
toy_sentences='' toy_lexicon=1
# shellcheck source=recipes/scales/toy.conf
source "$settings"
percent=${percent:-$dictionary_percent}
workers=${jobs:-$(env -u OMP_NUM_THREADS nproc)}
if [[ $objectives == all ]]; then objectives=mlm,xlm,dict_mlm,align_mlm; fi
given=("${train[@]}" "${dev[@]}")
if [[ $toy_sentences ]]; then
    ((${#given[@]} == 0)) && [[ ! $corpus$orders$parser ]] ||
        fail "--scale $scale is the synthetic language; for your own text and data give --scale small or another"
    tasks=${tasks:-pos}
    for task in ${tasks//,/ }; do data_name "$task" >/dev/null; done
else
    [[ -n $corpus ]] || fail "--scale $scale needs --corpus; see --help"
    ((${#train[@]})) || fail "--scale $scale needs labelled data, for example --pos-train and --pos-dev"
    for task in ${tasks//,/ }; do
        data_name "$task" >/dev/null
        [[ ${train[$task]-} ]] || fail "--tasks $tasks: for $task give --$task-train and --$task-dev"
    done
    if [[ $tasks ]]; then
        for task in "${!train[@]}"; do [[ ,$tasks, == *,$task,* ]] || unset "train[$task]" "dev[$task]"; done
    fi
fi
for task in "${!train[@]}"; do [[ ${dev[$task]-} ]] || fail "--$task-train without --$task-dev"; done
for task in "${!dev[@]}"; do [[ ${train[$task]-} ]] || fail "--$task-dev without --$task-train"; done
check_options ${corpus:+"$corpus"} ${orders:+"$orders"} ${parser:+"$parser"} "${given[@]}"

source_language=en
derived_language=en_trans transformation=trans transform_options=() needs_trees=
for transform in $transforms; do
    transform_name=${transform%%:*}
    derived_language+=_$transform_name transformation+=+$transform_name
    if [[ $transform_name == syn ]]; then
        needs_trees=yes
        if [[ $toy_sentences ]]; then
            transform=syn:noun=french,verb=french,substrate=none,models=$work/toy/orders
        else
            [[ $orders ]] || fail "the syntax transformation needs --orders, a folder of ordering models"
            transform=syn:noun=$superstrate,verb=$superstrate,models=$orders
            has_order "$superstrate" || fail "--orders $orders: there is no $superstrate@N.orm; see --superstrate"
            if ! has_order en; then # mixed in only where there is one
                say "no model of English order in $orders: the order is that of $superstrate alone"
                transform+=,substrate=none
            fi
        fi
    fi
    transform_options+=(--transform "$transform")
done
pair=$work/$scale/$source_language-$derived_language
if [[ $overlap != 0 ]]; then pair+=.overlap$overlap; fi # other symbols, so other data
mkdir -p "$pair"

if [[ $toy_sentences ]]; then
    toy=$work/toy/language
    if at 1 "text (the synthetic language)"; then
        python -m data_prep toy --output "$toy" --sentences "$toy_sentences" --seed 1 --lexicon "$toy_lexicon" \
            --labelled-train "$labelled_train" --labelled-dev "$labelled_valid" \
            --pairs-train "$pairs_train" --pairs-dev "$pairs_valid" --workers "$workers"
        mkdir -p "$pair/text" "$pair/trees"
        cp -r "$toy/text/en" "$pair/text/"
        if [[ $needs_trees ]]; then
            cp -r "$toy/trees/en" "$pair/trees/"
            python -m data_prep toy --output "$toy" --sentences "$toy_sentences" --seed 1 --lexicon "$toy_lexicon" \
                --word-order french --workers "$workers"
            python -m data_prep ordering train --trees "$toy/trees/french/train.conllu" --language french \
                --output "$work/toy/orders"
        fi
    fi
    for task in ${tasks//,/ }; do
        train[$task]=$toy/labelled/$(data_name "$task")/train-en.tsv
        dev[$task]=$toy/labelled/$(data_name "$task")/dev-en.tsv
    done
else
    if at 1 "text"; then
        python -m data_prep sentences --pair "$pair" --workers "$workers" "$corpus"
        if [[ $needs_trees ]]; then
            python -m data_prep parse --pair "$pair" --workers "$workers" ${parser:+--models "$parser" --offline}
        fi
    fi
fi

if at 2 "vocabulary of $vocabulary pieces"; then
    python -m data_prep vocabulary --pair "$pair" --size "$vocabulary"
fi
if at 3 "derive $derived_language"; then
    python -m data_prep derive --pair "$pair" --derived "$derived_language" "${transform_options[@]}" \
        --workers "$workers"
fi
if at 4 "encode"; then
    python -m data_prep encode --pair "$pair" --derived "$derived_language" --overlap "$overlap" --workers "$workers"
    python -m data_prep dictionary --pair "$pair" --percent "$percent"
fi
if at 5 "binarize with fairseq-preprocess"; then
    python -m data_prep binarize --pair "$pair" --workers "$workers"
fi
if at 6 "labelled data"; then
    for task in "${!train[@]}"; do
        tokenised=()
        if [[ $toy_sentences && $task == xnli ]]; then tokenised=(--tokeniser none); fi
        python -m data_prep xtreme --pair "$pair" --task "$(data_name "$task")" "${tokenised[@]}" --train "${train[$task]}" --dev "${dev[$task]}" \
            --derived "$derived_language" "${transform_options[@]}"
    done
fi

cat >"$pair/pair.conf" <<CONF
source_language=en
derived_language=$derived_language
transformation=$transformation
overlap=$overlap
CONF

run_and_report --tasks "${!train[*]}" "${run_options[@]}"

#!/usr/bin/env bash
# XTREME's own protocol (profile `xtreme`) for natural languages: a pre-trained checkpoint of fairseq, such as XLM-R, is
# fine-tuned on English, the best epoch on the English dev set is kept, and every language of the task is tested.
#
# Input:  --checkpoint with dict.txt and sentencepiece.bpe.model beside it, as XLM-R is distributed; labelled data in
#         XTREME's format: DATA/train-en.tsv, DATA/dev-en.tsv, DATA/test-<language>.tsv
# Output: WORK/<task>-<seed>/: finetuned.pt, predictions/<task>/test-<language>.tsv (what XTREME takes), score.json
# Time, disk: XLM-R base on one GPU: hours and 15 GB (checkpoints with optimizer state).
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=recipes/environment.sh
source "$here/environment.sh"
# shellcheck source=recipes/common.sh
source "$here/common.sh"

usage() {
    cat <<'USAGE'
usage: recipes/xtreme.sh --checkpoint FILE --task udpos|panx|xnli|pawsx --data DIR [options]
  --checkpoint FILE        of roberta, XLM-R or this package (without language embeddings)
  --dict FILE              fairseq's dictionary (default: dict.txt beside the checkpoint)
  --sentencepiece FILE     model that cuts words into pieces (default: sentencepiece.bpe.model or spm.model there)
  --task NAME              udpos, panx, xnli or pawsx
  --data DIR               folder of labelled data: train-en.tsv, dev-en.tsv, <test split>-<language>.tsv
  --train FILE --dev FILE  the English ones, if they are elsewhere
  --test-split NAME        test, or dev where the public test files have no labels (default: test)
  --languages NAMES        comma-separated (default: all that have a file of the test split)
  --seed N                 (default: 42 for xnli and pawsx, 1 for tagging, as XTREME)
  --epochs N --lr X        (default: 5 for xnli and pawsx, 10 for tagging; 2e-5)
  --batch N                instances per update (default: 32)
  --device-batch N         instances at a time on the device; what is missing to --batch is accumulated (default: 32)
  --max-length N           pieces, special symbols included (default: 128); longer tagging sentences are split and re-joined
  --work DIR               where everything is written (default: work/xtreme)
USAGE
}

checkpoint='' dict='' sentencepiece='' task='' data='' train='' dev='' split=test languages='' seed='' epochs='' lr=2e-5
batch=32 device_batch=32 max_length=128 work=work/xtreme
while (($#)); do
    [[ $1 == --help || $1 == -h ]] && { usage; exit 0; }
    (($# > 1)) || fail "$1 needs a value; see --help"
    case $1 in
    --checkpoint) checkpoint=$2 ;;
    --dict) dict=$2 ;;
    --sentencepiece) sentencepiece=$2 ;;
    --task) task=$2 ;;
    --data) data=$2 ;;
    --train) train=$2 ;;
    --dev) dev=$2 ;;
    --test-split) split=$2 ;;
    --languages) languages=$2 ;;
    --seed) seed=$2 ;;
    --epochs) epochs=$2 ;;
    --lr) lr=$2 ;;
    --batch) batch=$2 ;;
    --device-batch) device_batch=$2 ;;
    --max-length) max_length=$2 ;;
    --work) work=$2 ;;
    *) fail "unknown option $1; see --help" ;;
    esac
    shift 2
done
[[ $checkpoint && $task && $data ]] || fail "--checkpoint, --task and --data are needed; see --help"
case $task in
udpos | panx)
    seed=${seed:-1} epochs=${epochs:-10} metric=f1
    kind=(--task xtreme_tagging --criterion token_tagging --long-sentences split)
    ;;
xnli | pawsx)
    seed=${seed:-42} epochs=${epochs:-5} metric=accuracy
    kind=(--task xtreme_classification --criterion sentence_classification)
    ;;
*) fail "unknown task '$task'; choose udpos, panx, xnli or pawsx" ;;
esac
beside=$(dirname "$checkpoint")
dict=${dict:-$beside/dict.txt} train=${train:-$data/train-en.tsv} dev=${dev:-$data/dev-en.tsv}
for name in sentencepiece.bpe.model spm.model; do
    if [[ ! $sentencepiece && -f $beside/$name ]]; then sentencepiece=$beside/$name; fi
done
if [[ ! $languages ]]; then
    for file in "$data/$split"-*.tsv; do
        [[ -f $file ]] || fail "$data: there is no $split-LANGUAGE.tsv; see --data and --test-split"
        file=${file##*/"$split"-} languages+=,${file%.tsv}
    done
    languages=${languages#,}
fi
for file in "$checkpoint" "$dict" "${sentencepiece:-$beside/sentencepiece.bpe.model}" "$train" "$dev"; do
    [[ -f $file ]] || fail "$file: no such file; see --help"
done
for language in ${languages//,/ }; do
    [[ -f $data/$split-$language.tsv ]] || fail "$data/$split-$language.tsv: no such file; see --languages"
done
device=(--cpu)
if python -c 'import sys, torch; sys.exit(not torch.cuda.is_available())'; then device=(--distributed-world-size 1); fi

# The model's own vocabulary takes the place of a pair's.
model=$work/model run=$work/$task-$seed
made_from="$epochs epochs, batch $batch, lr $lr, length $max_length
data $(digest "$checkpoint" "$dict" "$sentencepiece" "$train" "$dev")"
if [[ -f $run/settings.txt && $(<"$run/settings.txt") != "$made_from" ]]; then
    fail "$run was made with other settings or data; move it away or choose another --work"
fi
mkdir -p "$model/bin" "$run"
printf '%s\n' "$made_from" >"$run/settings.txt"
cmp -s "$sentencepiece" "$model/spm.model" || cp "$sentencepiece" "$model/spm.model"
cmp -s "$dict" "$model/bin/dict.txt" || cp "$dict" "$model/bin/dict.txt"

say "data of $task: ${languages//,/ }"
prepare() { # language, options...
    python -m data_prep xtreme --pair "$model" --task "$task" --tokeniser none --language "$@" --labels-of "$train"
}
english=(--train "$train" --dev "$dev")
for language in ${languages//,/ }; do
    test=(--test "$data/$split-$language.tsv")
    if [[ $language == en ]]; then english+=("${test[@]}"); else prepare "$language" "${test[@]}"; fi
done
prepare en "${english[@]}"

if [[ ! -f $run/finetuned.pt ]]; then
    read -ra shape < <(python -m fairseq_alignmlm architecture --checkpoint "$checkpoint")
    ((${#shape[@]})) || exit 2
    examples=$(wc -l <"$model/xtreme/$task/en/train.tsv")
    if [[ $metric == f1 ]]; then examples=$(($(grep -c '^$' "$model/xtreme/$task/en/train.tsv") + 1)); fi
    updates=$((epochs * ((examples + batch - 1) / batch)))
    ((device_batch < batch)) || device_batch=$batch
    ((batch % device_batch == 0)) || fail "--batch $batch is no multiple of --device-batch $device_batch"
    say "fine-tuning, $epochs epochs of $examples instances; log: $run/train.log"
    fairseq-train "$model/xtreme/$task/en/bin" --user-dir fairseq_alignmlm "${kind[@]}" "${shape[@]}" \
        --max-length "$max_length" --batch-size "$device_batch" --update-freq $((batch / device_batch)) \
        --finetune-from-model "$checkpoint" --seed "$seed" --max-epoch "$epochs" --total-num-update "$updates" \
        --optimizer adam --adam-betas '(0.9,0.999)' --adam-eps 1e-8 --weight-decay 0 --clip-norm 1.0 \
        --lr "$lr" --lr-scheduler polynomial_decay --warmup-updates 0 --dropout 0.1 --attention-dropout 0.1 \
        --best-checkpoint-metric "$metric" --maximize-best-checkpoint-metric --no-epoch-checkpoints \
        --num-workers 0 "${device[@]}" --save-dir "$run" --log-format simple --log-interval 100 \
        >>"$run/train.log" 2>&1 || { tail -n 5 "$run/train.log" >&2 && fail "fine-tuning failed; see $run/train.log"; }
    mv "$run/checkpoint_best.pt" "$run/finetuned.pt"
    rm -f "$run"/checkpoint_*.pt
fi
sed -n "s/.*| valid | epoch 0*\([0-9]*\) .* | $metric \([0-9.]*\) .*/epoch \1: $metric \2 on the English dev set/p" "$run/train.log" |
    tail -n "$epochs"

for language in ${languages//,/ }; do
    output=$run/predictions/$task/test-$language.tsv
    mkdir -p "$run/predictions/$task"
    [[ $output -nt $run/finetuned.pt && $output -nt $model/xtreme/$task/$language/test.tsv ]] ||
        python -m fairseq_alignmlm predict --checkpoint "$run/finetuned.pt" \
        --data "$model/xtreme/$task/$language/bin" --split test --output "$output"
done
files=(--task "$task" --predictions "$run/predictions" --gold "$model/xtreme" --languages "$languages")
python -m fairseq_alignmlm check "${files[@]}"
python -m fairseq_alignmlm score "${files[@]}" --profile xtreme --source-language en --seed "$seed" \
    --model "$run/finetuned.pt" --json "$run/score.json"

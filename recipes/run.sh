#!/usr/bin/env bash
# One run: pre-train one objective with one seed, fine-tune on both languages, predict, score.
#
#   recipes/run.sh PAIR OBJECTIVE SEED SCALE ["TASKS"]
#
# PAIR is a folder that recipes/pair.sh has prepared. Everything of the run is written to PAIR/runs/OBJECTIVE-SEED;
# the numbers to PAIR/runs/OBJECTIVE-SEED/result.json. A run that was cut off goes on where it stopped.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=recipes/environment.sh
source "$here/environment.sh"

pair=$1 objective=$2 seed=$3 scale=$4
tasks=${5:-pos}
# shellcheck source=recipes/scales/toy.conf
source "$here/scales/$scale.conf"
source_language='' derived_language='' transformation='' overlap=0
# shellcheck source=/dev/null
source "$pair/pair.conf"
run=$pair/runs/$objective-$seed
mkdir -p "$run"

failed() {
    tail -n 5 "$1" >&2
    say "failed; see $1"
    exit 1
}
say() { printf '%s %s: %s\n' "$(date +%H:%M:%S)" "$objective-$seed" "$*"; }

device=(--cpu)
if python -c 'import sys, torch; sys.exit(not torch.cuda.is_available())'; then device=(); fi

languages=$source_language,$derived_language
dictionary=$pair/dictionary.$dictionary_percent.tsv
language_embeddings=()
case $objective in
mlm) criterion=(--criterion masked_lm) ;;
align_mlm)
    criterion=(--criterion align_mlm --align-alpha "$align_alpha" --dictionary "$dictionary"
        --counterparts "$pair/counterparts.tsv")
    ;;
*)
    echo "error: unknown objective '$objective'; choose mlm or align_mlm" >&2
    exit 2
    ;;
esac

last=${blocks[-1]#*:}
started=$SECONDS
settings="$objective $seed ${blocks[*]} ${model[*]} ${pretrain[*]} ${criterion[*]}"
if [[ -f $run/settings.txt ]] && [[ $(cat "$run/settings.txt") != "$settings" ]]; then
    echo "error: $run was made with other settings; move it away or choose another --work" >&2
    exit 2
fi
printf '%s\n' "$settings" >"$run/settings.txt"

if [[ ! -f $run/pretrained.pt ]]; then
    for block in "${blocks[@]}"; do
        shape=${block%%:*} until=${block#*:}
        # A new block length makes new instances, so the position in the old ones is forgotten, nothing else.
        restart=()
        if [[ -f $run/checkpoint_last.pt && ! -f $run/$shape.started ]]; then restart=(--reset-dataloader); fi
        touch "$run/$shape.started"
        say "pre-training with blocks of ${shape%x*} tokens, ${shape#*x} a batch, until update $until"
        fairseq-train "$pair/bin" --user-dir fairseq_alignmlm --task multilingual_mlm --languages "$languages" \
            --tokens-per-sample "${shape%x*}" --batch-size "${shape#*x}" "${model[@]}" "${pretrain[@]}" \
            "${language_embeddings[@]}" "${criterion[@]}" --seed "$seed" --max-update "$until" --total-num-update "$last" "${restart[@]}" \
            "${device[@]}" --num-workers 0 --save-dir "$run" --no-epoch-checkpoints \
            --disable-validation --log-format simple --log-interval 100 >>"$run/train.log" 2>&1 ||
            failed "$run/train.log"
    done
    mv "$run/checkpoint_last.pt" "$run/pretrained.pt"
    rm -f "$run"/checkpoint_best.pt "$run"/*.started
    printf '%s\n' "$((SECONDS - started))" >"$run/pretrain_seconds.txt"
fi

score() { # task data, fine-tuned on, tested on
    local task=$1 data=$2 tuned=$3 tested=$4 folder=$run/$1/$3 ids=()
    if ((${#language_embeddings[@]})); then ids=(--language "$tested"); fi
    python -m fairseq_alignmlm predict --checkpoint "$folder/finetuned.pt" --data "$pair/xtreme/$data/$tested/bin" \
        --output "$folder/test-$tested.tsv" "${ids[@]}" >>"$folder/train.log"
    python -m fairseq_alignmlm score --task "$task" --predictions "$folder/test-$tested.tsv" \
        --gold "$pair/xtreme/$data/$tested/valid.tsv" --language "$tested" --source-language "$tuned" --seed "$seed" \
        --model "$folder/finetuned.pt" --profile paper --json "$folder/score-$tested.json" >>"$folder/train.log"
}

say "alignment"
python -m fairseq_alignmlm alignment --checkpoint "$run/pretrained.pt" --dict "$pair/bin/dict.txt" \
    --counterparts "$pair/counterparts.tsv" --dictionary "$dictionary" --json "$run/alignment.json" >>"$run/train.log"

for task in $tasks; do
    case $task in
    pos) data=udpos ;;
    ner) data=panx ;;
    *)
        echo "error: unknown task '$task'; choose pos or ner" >&2
        exit 2
        ;;
    esac
    for language in "$source_language" "$derived_language"; do
        tuned=$run/$task/$language
        if [[ ! -f $tuned/finetuned.pt ]]; then
            say "fine-tuning $task in $language"
            mkdir -p "$tuned"
            ids=()
            if ((${#language_embeddings[@]})); then ids=(--languages "$languages" --language "$language"); fi
            sentences=$(grep -c '^$' "$pair/xtreme/$data/$language/train.tsv")
            updates=$(((sentences + finetune_batch - 1) / finetune_batch * finetune_epochs))
            fairseq-train "$pair/xtreme/$data/$language/bin" --user-dir fairseq_alignmlm --task xtreme_tagging \
                --criterion token_tagging --max-length "$finetune_max_length" --batch-size "$finetune_batch" \
                "${model[@]}" "${language_embeddings[@]}" "${ids[@]}" "${finetune[@]}" \
                --finetune-from-model "$run/pretrained.pt" --max-epoch "$finetune_epochs" \
                --total-num-update "$updates" --seed "$seed" "${device[@]}" --num-workers 0 --save-dir "$tuned" \
                --no-epoch-checkpoints --disable-validation --log-format simple --log-interval 100 \
                >"$tuned/train.log" 2>&1 || failed "$tuned/train.log"
            mv "$tuned/checkpoint_last.pt" "$tuned/finetuned.pt"
            rm -f "$tuned/checkpoint_best.pt"
        fi
    done
    say "scoring $task"
    score "$task" "$data" "$source_language" "$source_language"
    score "$task" "$data" "$source_language" "$derived_language"
    score "$task" "$data" "$derived_language" "$derived_language"
done

python -m fairseq_alignmlm collect --folder "$run" --objective "$objective" --transformation "$transformation" \
    --scale "$scale" --seed "$seed" --languages "$languages" --updates "$last" \
    --train-seconds "$(cat "$run/pretrain_seconds.txt")" --set dictionary_percent="$dictionary_percent" \
    --set overlap="$overlap" --set align_alpha="$align_alpha" --set vocabulary="$vocabulary" \
    --set blocks="${blocks[*]}" >>"$run/train.log"
say "done"

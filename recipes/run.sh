#!/usr/bin/env bash
# One run: pre-train one objective with one seed, fine-tune on both languages, predict, score.
#
#   recipes/run.sh PAIR OBJECTIVE SEED SCALE [--tasks "pos ner"] [--pretrain-only]
#
# PAIR is a folder that recipes/pair.sh has prepared. Everything of the run is written to PAIR/runs/OBJECTIVE-SEED;
# the numbers to PAIR/runs/OBJECTIVE-SEED/result.json. A run that was cut off goes on where it stopped.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

pair=$1 objective=$2 seed=$3 scale=$4
tasks=${5:-pos}
# shellcheck source=recipes/scales/toy.conf
source "$here/scales/$scale.conf"
# shellcheck source=/dev/null
source "$pair/pair.conf" # source_language, derived_language, transformation
run=$pair/runs/$objective-$seed
mkdir -p "$run"

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
settings="$objective $seed $scale ${blocks[*]} ${pretrain[*]} ${criterion[*]} $(cat "$pair/dictionary.$dictionary_percent.tsv.manifest.json" 2>/dev/null || true)"
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
            --tokens-per-sample "${shape%x*}" --batch-size "${shape#*x}" "${pretrain[@]}" "${language_embeddings[@]}" \
            "${criterion[@]}" --seed "$seed" --max-update "$until" --total-num-update "$last" "${restart[@]}" \
            "${device[@]}" --num-workers 0 --save-dir "$run" --no-epoch-checkpoints \
            --disable-validation --log-format simple --log-interval 100 >>"$run/train.log" 2>&1 ||
            { tail -n 5 "$run/train.log" >&2; say "pre-training failed; see $run/train.log"; exit 1; }
    done
    mv "$run/checkpoint_last.pt" "$run/pretrained.pt"
    rm -f "$run"/checkpoint_best.pt "$run"/*.started
    printf '%s\n' "$((SECONDS - started))" >"$run/pretrain_seconds.txt"
fi

say "alignment"
python -m fairseq_alignmlm alignment --checkpoint "$run/pretrained.pt" --dict "$pair/bin/dict.txt" \
    --counterparts "$pair/counterparts.tsv" --dictionary "$dictionary" --languages "$languages" \
    --json "$run/alignment.json" >>"$run/train.log"

for task in $tasks; do
    case $task in
    pos) data=udpos ;;
    ner) data=panx ;;
    *)
        echo "error: unknown task '$task'; choose from pos, ner" >&2
        exit 2
        ;;
    esac
    for language in "$source_language" "$derived_language"; do
        tuned=$run/$task/$language
        if [[ ! -f $tuned/finetuned.pt ]]; then
            say "fine-tuning $task in $language"
            mkdir -p "$tuned"
            sentences=$(grep -c '^$' "$pair/xtreme/$data/$language/train.tsv")
            updates=$(((sentences + finetune_batch - 1) / finetune_batch * finetune_epochs))
            fairseq-train "$pair/xtreme/$data/$language/bin" --user-dir fairseq_alignmlm --task xtreme_tagging \
                --criterion token_tagging --max-length "$finetune_max_length" --batch-size "$finetune_batch" \
                "${pretrain[@]}" "${finetune[@]}" --finetune-from-model "$run/pretrained.pt" \
                --max-epoch "$finetune_epochs" --total-num-update "$updates" --seed "$seed" "${device[@]}" --num-workers 0 --save-dir "$tuned" --no-epoch-checkpoints \
                --disable-validation --log-format simple --log-interval 100 >"$tuned/train.log" 2>&1 ||
                { tail -n 5 "$tuned/train.log" >&2; say "fine-tuning failed; see $tuned/train.log"; exit 1; }
            mv "$tuned/checkpoint_last.pt" "$tuned/finetuned.pt"
            rm -f "$tuned"/checkpoint_best.pt
        fi
    done
done
say "done"

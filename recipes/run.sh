#!/usr/bin/env bash
# One run: pre-train one objective with one seed, fine-tune on both languages, predict, score.
#
#   recipes/run.sh PAIR SCALE.conf [--tasks "pos ner xnli"] [--dictionary-percent P] [--tlm-ratio R] [--align-alpha A]
#                  OBJECTIVE SEED
#
# PAIR is a folder that recipes/pair.sh has prepared. Everything is written to PAIR/runs/<name>-<seed>, where <name> is
# the objective and whatever differs from the scale's settings; the numbers to its result.json. A run that was cut off
# goes on where it stopped; one that was made with other settings or data is refused. With GPUs: one GPU a run.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=recipes/environment.sh
source "$here/environment.sh"
# shellcheck source=recipes/common.sh
source "$here/common.sh"

(($# >= 4)) || { echo "usage: run.sh PAIR SCALE.conf [OPTIONS] OBJECTIVE SEED" >&2 && exit 2; }
pair=$1 settings=$2 objective=${*: -2:1} seed=${*: -1:1}
set -- "${@:3:$#-4}"
# shellcheck source=recipes/scales/toy.conf
source "$settings"
scale=$(basename "$settings" .conf)
source_language='' derived_language='' transformation='' overlap=0 natural=''
# shellcheck source=/dev/null
source "$pair/pair.conf"

apart() { # word in the run's name, variable, value: what differs from the scale's setting sets the run apart
    local value
    value=$(number "$1" "$3")
    if [[ $value == "${!2}" ]]; then return; fi
    printf -v "$2" '%s' "$value"
    name+=.$1$value
}

name=$objective tasks=pos
while (($#)); do
    case $1 in
    --tasks) tasks=$2 ;;
    --dictionary-percent) apart dictionary dictionary_percent "$2" ;;
    --tlm-ratio) apart tlm tlm_ratio "$2" ;;
    --align-alpha) apart alpha align_alpha "$2" ;;
    *) fail "unknown option $1 of run.sh" ;;
    esac
    shift 2
done
run=$pair/runs/$name-$seed
mkdir -p "$run"

say() { printf '%s %s: %s\n' "$(date +%H:%M:%S)" "$name-$seed" "$*"; } # of several runs at a time
logged() { # log file, command...: what goes wrong is shown
    local log=$1
    shift
    "$@" >>"$log" 2>&1 || {
        tail -n 5 "$log" >&2
        say "failed; see $log"
        exit 1
    }
}

device=(--cpu) gpus=$(python -c 'import torch; print(torch.cuda.device_count())')
if ((gpus)); then
    device=(--distributed-world-size 1) # the batch is the paper's on one GPU; several share one run in slurm.sh
    IFS=, read -ra visible <<<"${CUDA_VISIBLE_DEVICES:-$(seq -s , 0 $((gpus - 1)))}"
    export CUDA_VISIBLE_DEVICES=${visible[${RUN_SLOT:-0} % gpus]} # runs at a time take turns
fi

languages=$source_language,$derived_language
dictionary=$pair/dictionary.$dictionary_percent.tsv
parallel=() counterparts=(--counterparts "$pair/counterparts.tsv") measured=(--counterparts "$pair/counterparts.tsv")
settings_kept=(--set "dictionary_percent=$dictionary_percent" --set "overlap=$overlap" --set "tlm_ratio=$tlm_ratio")
if [[ $natural ]]; then # two natural languages (natural.sh): translations of words, no counterparts
    dictionary=$pair/dictionary.tsv
    parallel=(--tlm-parallel "$pair/parallel") counterparts=() measured=(--held-out "$pair/dictionary.held_out.tsv")
    settings_kept=(--set "symbols=$natural" --set "parallel_share=$tlm_ratio")
fi
language_embeddings=() # XLM and DICT-MLM have them, MLM and ALIGN-MLM do not (G.5)
case $objective in
mlm) criterion=(--criterion mlm) ;;
xlm)
    criterion=(--criterion tlm --tlm-ratio "$tlm_ratio" "${parallel[@]}")
    language_embeddings=(--language-embeddings)
    blocks=("${xlm_blocks[@]}")
    ;;
dict_mlm)
    criterion=(--criterion dict_mlm --dictionary "$dictionary")
    language_embeddings=(--language-embeddings)
    ;;
align_mlm)
    criterion=(--criterion align_mlm --align-alpha "$align_alpha" --dictionary "$dictionary" "${counterparts[@]}")
    ;;
*) fail "unknown objective '$objective'; choose mlm, xlm, dict_mlm or align_mlm" ;;
esac

chosen="${blocks[*]} ${model[*]} ${pretrain[*]} ${instances[*]} ${criterion[*]}"
chosen=${chosen//"$pair/"/} # the pair may be named by another path
read_files=("$pair/bin/dict.txt" "$pair/bin/$source_language"/train.* "$pair/bin/$derived_language"/train.*)
case $objective in
dict_mlm | align_mlm) read_files+=("$dictionary") ;;
xlm) if [[ $natural ]]; then read_files+=("$pair/parallel"/train.*); fi ;;
esac
for file in "${read_files[@]}"; do
    [[ -f $file ]] || fail "$file: no such file; prepare the pair first (stages 1 to 5)"
done
made_from="$chosen
data $(digest "${read_files[@]}")"
if [[ -f $run/settings.txt && $(<"$run/settings.txt") != "$made_from" ]]; then
    fail "$run was made with other settings or data; move it away or choose another --work"
fi
for task in $tasks; do
    data=$(data_name "$task")
    [[ -d $pair/xtreme/$data ]] || fail "$pair has no data of the task $task; prepare them first (stage 6)"
done
printf '%s\n' "$made_from" >"$run/settings.txt"

last=${blocks[-1]#*:}
if [[ ! -f $run/pretrained.pt ]]; then
    started=$SECONDS spent=0
    if [[ -f $run/pretrain_seconds.txt ]]; then spent=$(<"$run/pretrain_seconds.txt"); fi # of earlier blocks
    restart=()
    for block in "${blocks[@]}"; do
        shape=${block%%:*} until=${block#*:}
        if [[ -f $run/$shape.done ]]; then
            restart=(--reset-dataloader) # another block length makes other instances
            continue
        fi
        # Sentence pairs do not fit into the shortest blocks: XLM begins with its monolingual part.
        without_pairs=()
        if [[ $objective == xlm ]] && ((${shape%x*} < shortest_tlm)); then without_pairs=(--tlm-without-pairs); fi
        say "pre-training with blocks of ${shape%x*} tokens, ${shape#*x} a batch, until update $until"
        if [[ -f $run/$shape.begun && $run/checkpoint_last.pt -nt $run/$shape.begun ]]; then
            restart=() # cut off within these blocks, after a checkpoint
        else
            touch "$run/$shape.begun"
        fi
        logged "$run/train.log" fairseq-train "$pair/bin" --user-dir fairseq_alignmlm --task multilingual_mlm \
            --languages "$languages" --tokens-per-sample "${shape%x*}" --batch-size "${shape#*x}" "${instances[@]}" \
            "${model[@]}" "${language_embeddings[@]}" "${pretrain[@]}" "${criterion[@]}" "${without_pairs[@]}" --seed "$seed" \
            --max-update "$until" --total-num-update "$last" "${restart[@]}" "${device[@]}" --save-dir "$run" \
            --no-epoch-checkpoints --disable-validation --log-format simple --log-interval 100
        printf '%s\n' "$((spent + SECONDS - started))" >"$run/pretrain_seconds.txt"
        touch "$run/$shape.done"
        restart=(--reset-dataloader)
    done
    mv "$run/checkpoint_last.pt" "$run/pretrained.pt"
    rm -f "$run"/checkpoint_*.pt "$run"/*.begun "$run"/*.done
fi

if [[ ! $run/alignment.json -nt $run/pretrained.pt ]]; then
    say "alignment"
    logged "$run/train.log" python -m fairseq_alignmlm alignment --checkpoint "$run/pretrained.pt" \
        --dict "$pair/bin/dict.txt" "${measured[@]}" --dictionary "$dictionary" \
        --json "$run/alignment.json"
fi

finetune() { # task, data, language
    local task=$1 data=$pair/xtreme/$2/$3 tuned=$run/$1/$3 kind=(--task xtreme_tagging --criterion token_tagging)
    local ids=() epochs=$finetune_epochs length=$finetune_max_length examples updates made_from
    if ((${#language_embeddings[@]})); then ids=(--languages "$languages" --language "$3"); fi
    examples=$(grep -c '^$' "$data/train.tsv" || true)
    if [[ $task == xnli ]]; then
        kind=(--task xtreme_classification --criterion sentence_classification)
        epochs=$finetune_xnli_epochs length=$finetune_xnli_max_length
        examples=$(wc -l <"$data/train.tsv")
    fi
    made_from="${kind[*]} $length $epochs $finetune_batch ${finetune[*]}
data $(digest "$data/train.tsv")"
    if [[ ! -f $tuned/settings.txt || $(<"$tuned/settings.txt") != "$made_from" ]]; then rm -rf "$tuned"; fi
    if [[ -f $tuned/finetuned.pt ]]; then return; fi
    say "fine-tuning $task in $3"
    mkdir -p "$tuned"
    printf '%s\n' "$made_from" >"$tuned/settings.txt"
    updates=$((epochs * ((examples + finetune_batch - 1) / finetune_batch)))
    logged "$tuned/train.log" fairseq-train "$data/bin" --user-dir fairseq_alignmlm "${kind[@]}" \
        --max-length "$length" --batch-size "$finetune_batch" "${model[@]}" "${language_embeddings[@]}" "${ids[@]}" \
        "${finetune[@]}" --finetune-from-model "$run/pretrained.pt" --max-epoch "$epochs" \
        --total-num-update "$updates" --seed "$seed" "${device[@]}" --save-dir "$tuned" --no-epoch-checkpoints \
        --disable-validation --log-format simple --log-interval 100
    mv "$tuned/checkpoint_last.pt" "$tuned/finetuned.pt"
    rm -f "$tuned"/checkpoint_*.pt
}

score() { # task, data, fine-tuned on, tested on
    local tuned=$run/$1/$3 data=$pair/xtreme/$2/$4 ids=()
    if [[ $tuned/score-$4.json -nt $tuned/finetuned.pt && $tuned/score-$4.json -nt $data/valid.tsv ]]; then return; fi
    say "scoring $1: $3 to $4"
    if ((${#language_embeddings[@]})); then ids=(--language "$4"); fi
    logged "$tuned/train.log" python -m fairseq_alignmlm predict --checkpoint "$tuned/finetuned.pt" \
        --data "$data/bin" --output "$tuned/test-$4.tsv" "${ids[@]}"
    logged "$tuned/train.log" python -m fairseq_alignmlm score --task "$1" --predictions "$tuned/test-$4.tsv" \
        --gold "$data/valid.tsv" --language "$4" --source-language "$3" --seed "$seed" --model "$tuned/finetuned.pt" \
        --profile paper --json "$tuned/score-$4.json"
}

for task in $tasks; do
    data=$(data_name "$task")
    finetune "$task" "$data" "$source_language"
    finetune "$task" "$data" "$derived_language"
    score "$task" "$data" "$source_language" "$source_language"
    score "$task" "$data" "$source_language" "$derived_language"
    score "$task" "$data" "$derived_language" "$derived_language"
done

logged "$run/train.log" python -m fairseq_alignmlm collect --folder "$run" --objective "$objective" \
    --transformation "$transformation" --scale "$scale" --seed "$seed" --languages "$languages" --updates "$last" \
    --train-seconds "$(<"$run/pretrain_seconds.txt")" "${settings_kept[@]}" --set align_alpha="$align_alpha" \
    --set vocabulary="$vocabulary" --set "command_settings=$chosen"
say "done"

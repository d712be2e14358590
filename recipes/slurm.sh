#!/usr/bin/env bash
# Pre-training at paper scale under SLURM: one node, several GPUs, one process each.
#
#   sbatch --export=ALL,PAIR=work/paper/en-en_trans_inv,OBJECTIVE=align_mlm,SEED=1 recipes/slurm.sh
#
# PAIR is what recipes/pair.sh made at scale paper. The batch of 128 instances is shared out among the GPUs. A job that
# reaches its time limit is queued again and goes on from its last checkpoint. Tried with SLURM 22.05 on a machine without
# GPUs: taken, started, queued again. The training on GPUs was not.
#SBATCH --job-name=alignmlm
#SBATCH --nodes=1
#SBATCH --ntasks-per-node=1
#SBATCH --gres=gpu:4
#SBATCH --cpus-per-task=16
#SBATCH --mem=64G
#SBATCH --time=24:00:00
#SBATCH --requeue
#SBATCH --signal=B:TERM@120
#SBATCH --output=%x-%j.log
#SBATCH --open-mode=append
set -euo pipefail

PAIR=${PAIR:?the folder of a language pair} OBJECTIVE=${OBJECTIVE:-align_mlm} SEED=${SEED:-1}
gpus=${SLURM_GPUS_ON_NODE:-4}
cd "${SLURM_SUBMIT_DIR:-.}"
# shellcheck source=recipes/environment.sh
source recipes/environment.sh
# shellcheck source=recipes/scales/paper.conf
source recipes/scales/paper.conf
source_language='' derived_language=''
# shellcheck source=/dev/null
source "$PAIR/pair.conf"

embeddings=()
case $OBJECTIVE in
mlm) criterion=(--criterion mlm) ;;
xlm) criterion=(--criterion tlm --tlm-ratio "$tlm_ratio") embeddings=(--language-embeddings) ;;
dict_mlm)
    criterion=(--criterion dict_mlm --dictionary "$PAIR/dictionary.$dictionary_percent.tsv")
    embeddings=(--language-embeddings)
    ;;
align_mlm)
    criterion=(--criterion align_mlm --align-alpha "$align_alpha" --dictionary "$PAIR/dictionary.$dictionary_percent.tsv")
    ;;
*)
    echo "error: unknown OBJECTIVE '$OBJECTIVE'; choose mlm, xlm, dict_mlm or align_mlm" >&2
    exit 2
    ;;
esac

block=${blocks[0]} # tokens x batch : until update
shape=${block%%:*} updates=${block#*:}
batch=${shape#*x}
if ((batch % gpus)); then
    echo "error: a batch of $batch cannot be shared evenly among $gpus GPUs" >&2
    exit 2
fi

trap 'scontrol requeue "$SLURM_JOB_ID"' TERM
srun python -m torch.distributed.run --standalone --nproc_per_node "$gpus" "$(command -v fairseq-train)" "$PAIR/bin" \
    --user-dir fairseq_alignmlm --task multilingual_mlm --languages "$source_language,$derived_language" \
    --tokens-per-sample "${shape%x*}" --batch-size "$((batch / gpus))" "${instances[@]}" "${model[@]}" "${embeddings[@]}" \
    "${pretrain[@]}" "${criterion[@]}" --seed "$SEED" --max-update "$updates" --total-num-update "$updates" --ddp-backend legacy_ddp \
    --save-dir "$PAIR/runs/$OBJECTIVE-$SEED" --no-epoch-checkpoints --disable-validation --log-format simple \
    --log-interval 100 &
wait $!

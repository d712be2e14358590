#!/usr/bin/env bash
# One run under SLURM, on the GPUs of any number of machines; the batch is shared among them.
#
#   sbatch recipes/slurm.sh work/paper/en-en_trans_inv --objective align_mlm --seeds 1 --until pretrain
#
# The pair is prepared first, with --stop-stage 6; afterwards the recipe with --stage 7 finds the checkpoint and goes on.
# A job that reaches its time limit is queued again and goes on from its last checkpoint. Options: alignmlm run one --help
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
cd "${SLURM_SUBMIT_DIR:-.}"
# shellcheck source=recipes/environment.sh
source recipes/environment.sh
exec alignmlm run one --requeue "$@"

# shellcheck shell=bash disable=SC2154
# What pair.sh, natural.sh and run.sh share: messages, names, the scale, and the stages after the data. To be sourced;
# the functions use the callers' variables of the options of the same names.

fail() { echo "error: $*" >&2; exit 2; }
say() { printf '%s %s\n' "$(date +%H:%M:%S)" "$*"; }
number() { LC_ALL=C printf '%g' "$2" 2>/dev/null || fail "$1 $2: not a number"; } # 25 and 25.0 are one setting
data_name() { # of a task, as XTREME has it
    case $1 in
    pos) echo udpos ;;
    ner) echo panx ;;
    xnli) echo xnli ;;
    *) fail "unknown task '$1'; choose pos, ner or xnli" ;;
    esac
}
digest() { cat -- "$@" | sha256sum | cut -c 1-16; }
at() { ((stage <= $1 && $1 <= stop_stage)) && say "stage $1: $2"; }

# Set settings, the file of a scale, and make scale its name.
find_scale() {
    settings=$here/scales/$scale.conf
    if [[ $scale == *.conf ]]; then settings=$scale scale=$(basename "$scale" .conf); fi
    [[ -f $settings ]] || fail "unknown scale '$scale'; choose toy, small, paper or give your own file.conf"
}

# Refuse what would be refused hours later: unknown objectives and tasks, and what is no number.
check_options() {
    local name
    for name in ${objectives//,/ }; do
        case $name in
        mlm | xlm | dict_mlm | align_mlm) ;;
        *) fail "unknown objective '$name'; choose mlm, xlm, dict_mlm, align_mlm or all" ;;
        esac
    done
    for name in ${seeds//,/ } "$stage" "$stop_stage" ${jobs:+"$jobs"}; do
        [[ $name =~ ^[0-9]+$ ]] || fail "'$name' is no whole number; see --seeds, --stage, --stop-stage and --jobs"
    done
    ((stage <= stop_stage && stop_stage <= 8)) || fail "--stage $stage --stop-stage $stop_stage: there are stages 1 to 8"
    for name in "$@"; do
        [[ -e $name ]] || fail "$name: no such file"
    done
}

# Stages 7 and 8: train every objective with every seed, and report. Arguments: options of run.sh.
run_and_report() {
    local seed objective together=$jobs
    if [[ ! $together ]]; then
        together=$(python -c "import torch; print(torch.cuda.device_count() or $workers)")
    fi
    if at 7 "runs: ${objectives//,/ } x seeds ${seeds//,/ }, $together at a time"; then
        for seed in ${seeds//,/ }; do
            for objective in ${objectives//,/ }; do
                printf '%s\0' "$objective" "$seed"
            done
        done | OMP_NUM_THREADS=${OMP_NUM_THREADS:-1} xargs -0 -n 2 -P "$together" --process-slot-var RUN_SLOT \
            "$here/run.sh" "$pair" "$settings" "$@"
    fi
    if at 8 "report"; then
        python -m fairseq_alignmlm report --results "$pair/runs" --output "$pair/report"
    fi
}

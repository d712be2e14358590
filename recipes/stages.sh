# shellcheck shell=bash disable=SC2154
# What pair.sh and natural.sh share: messages, the scale, and the stages after the data. To be sourced; the functions
# use the callers' variables of the options of the same names.

fail() { echo "error: $*" >&2; exit 2; }
say() { printf '%s %s\n' "$(date +%H:%M:%S)" "$*"; }
at() { ((stage <= $1 && $1 <= stop_stage)) && say "stage $1: $2"; }

# Set settings, the file of a scale, and make scale its name.
find_scale() {
    settings=$here/scales/$scale.conf
    if [[ $scale == *.conf ]]; then settings=$scale scale=$(basename "$scale" .conf); fi
    [[ -f $settings ]] || fail "unknown scale '$scale'; choose toy, small, paper or give your own file.conf"
}

# Stages 7 and 8: train every objective with every seed, $jobs at a time, and report. Arguments: options of run.sh.
run_and_report() {
    local seed objective
    if at 7 "runs: ${objectives//,/ } x seeds ${seeds//,/ }, $jobs at a time"; then
        for seed in ${seeds//,/ }; do
            for objective in ${objectives//,/ }; do
                printf '%s\0' "$objective" "$seed"
            done
        done | OMP_NUM_THREADS=${OMP_NUM_THREADS:-1} xargs -0 -n 2 -P "$jobs" \
            "$here/run.sh" "$pair" "$settings" "$@"
    fi
    if at 8 "report"; then
        python -m fairseq_alignmlm report --results "$pair/runs" --output "$pair/report"
    fi
}

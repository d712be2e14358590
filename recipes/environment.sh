#!/usr/bin/env bash
# Make the Python environment of the recipes and tests, unless it is there and current, and put it on PATH.
#
#   source recipes/environment.sh            afterwards python, fairseq-train, ... are the environment's
#
# Time: 2 to 5 minutes the first time (torch is big, fairseq is compiled), then 0.1 s. Disk: 2 GB, on a machine with
# an NVIDIA GPU 8 GB. Settings, all optional, from the environment:
#   FAIRSEQ_ALIGNMLM_PYTHON       use the environment this interpreter belongs to, as it is; install nothing
#   FAIRSEQ_ALIGNMLM_ENVIRONMENT  folder of the environment (default: .venv in the repository)
#   FAIRSEQ_ALIGNMLM_INSTALLER    pip or uv (default: uv if there is one, else pip)
#   EXTRAS                        optional parts of the package to install (default: dev, which has report's)
#   TORCH_SPEC                    what to install as torch (default: torch==2.13.0)
#   BASE_PYTHON                   interpreter to start from (default: the first of 3.10 or later)

_say() { printf '%s\n' "$*" >&2; }
_fail() { printf 'error: %s\n' "$*" >&2; return 1; }

# Print the interpreter to start from: python3 if it will do, else the newest that torch has long supported.
_base_python() {
    local name
    for name in ${BASE_PYTHON:-python3 python3.13 python3.12 python3.11 python3.10 python3.14}; do
        if "$name" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; then
            "$name" -c 'import sys; print(getattr(sys, "_base_executable", sys.executable))' # a venv's may vanish
            return
        fi
    done
    _fail "no Python 3.10 or later with venv was found; install one, for example: apt-get install python3 python3-venv"
}

# fairseq comes as source only.
_check_compiler() {
    local python=$1 header name
    header=$("$python" -c 'import sysconfig; print(sysconfig.get_path("include"))')/Python.h
    [[ -f $header ]] || _fail "no $header, needed to build fairseq; for example: apt-get install python3-dev" || return
    for name in "${CXX:-c++}" g++ clang++; do
        if command -v "$name" >/dev/null; then return; fi
    done
    _fail "no C++ compiler, needed to build fairseq; for example: apt-get install g++"
}

# Print what decides whether an environment is current.
_fingerprint() {
    "$2" - "$1" "${TORCH_SPEC:-}" <<'PYTHON'
import hashlib, pathlib, sys
root = pathlib.Path(sys.argv[1])
parts = [(root / name).read_bytes() for name in ("setup.py", "fairseq_startup.pth", "constraints.txt")]
parts += [text.encode() for text in (*sys.argv[1:], sys.version)]
print(hashlib.sha256(b"\0".join(parts)).hexdigest())
PYTHON
}

# Set the caller's `installer`, `quiet` and `install`, the command that installs into an environment.
_find_installer() {
    installer=${FAIRSEQ_ALIGNMLM_INSTALLER:-$(command -v uv >/dev/null && echo uv || echo pip)}
    quiet=()
    if [[ $installer == uv ]]; then
        if [[ ! -t 2 ]]; then quiet=(-q); fi # no progress bars in a log
        # uv does not read pip's settings; a folder of local wheels is a matter for both.
        if [[ ! ${UV_FIND_LINKS:-} && ${PIP_FIND_LINKS:-} ]]; then export UV_FIND_LINKS=$PIP_FIND_LINKS; fi
        install=(uv pip install "${quiet[@]}" --python "$1/bin/python")
    else
        if [[ ! -t 2 ]]; then quiet=(-qq); fi # errors only
        install=("$1/bin/python" -m pip install --disable-pip-version-check "${quiet[@]}")
    fi
}

# Install everything into an empty environment, in the only order that works: torch, this package, fairseq.
_install() {
    local root=$1 environment=$2 base=$3 extras=$4 installer pins=$2/constraints.txt torch
    local -a install quiet
    _find_installer "$environment"
    torch=${TORCH_SPEC:-torch==2.13.0} # tested with this one
    _say "making the environment $environment with $installer and $base"
    if [[ $installer == uv ]]; then
        uv venv "${quiet[@]}" --allow-existing --python "$base" "$environment" || return
    else
        "$base" -m venv "$environment" && "${install[@]}" --upgrade pip || return
    fi
    cp "$root/constraints.txt" "$pins"
    _say "1/3 $torch" && "${install[@]}" "$torch" -c "$pins" &&
        _say "2/3 fairseq-alignmlm" && "${install[@]}" -c "$pins" -e "${root}[$extras]" &&
        _say "3/3 fairseq 0.12.2" && "${install[@]}" --no-deps fairseq==0.12.2 &&
        "$environment/bin/python" -m fairseq_alignmlm doctor
}

# Add parts to a finished environment, which other recipes may be using.
_add() {
    local root=$1 environment=$2 extras=$3 installer
    local -a install quiet
    _find_installer "$environment"
    _say "adding $extras to $environment with $installer"
    "${install[@]}" -c "$environment/constraints.txt" -e "${root}[$extras]"
}

# Make the environment if need be. An unfinished or outdated one, recognised by its stamp, is made anew; one that lacks
# parts gets them.
_make() {
    local root=$1 environment=$2 extras=$3 base fingerprint stamp=$2/fairseq_alignmlm.stamp made='' had='' lacking='' extra
    base=$(_base_python) && fingerprint=$(_fingerprint "$root" "$base") || return
    if [[ -f $stamp && -x $environment/bin/python ]]; then { read -r made && read -r had; } <"$stamp" || true; fi
    if [[ $made == "$fingerprint" ]]; then
        for extra in ${extras//,/ }; do
            if [[ ,$had, != *,$extra,* ]]; then lacking+=,$extra; fi
        done
        if [[ ! $lacking ]]; then return; fi
        _add "$root" "$environment" "${lacking#,}" >&2 && printf '%s\n' "$fingerprint" "$had$lacking" >"$stamp"
        return
    fi
    if [[ -e $environment && ! -e $stamp ]]; then
        _fail "$environment was not made by this script; set FAIRSEQ_ALIGNMLM_PYTHON to use its python as it is," \
            "or FAIRSEQ_ALIGNMLM_ENVIRONMENT to another folder" || return
    fi
    _check_compiler "$base" || return
    rm -rf "$environment" && mkdir -p "$environment" && echo unfinished >"$stamp" || return
    _install "$root" "$environment" "$base" "$extras" >&2 && printf '%s\n' "$fingerprint" "$extras" >"$stamp"
}

_environment() {
    local root environment python=${FAIRSEQ_ALIGNMLM_PYTHON:-}
    root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
    if [[ ! $python ]]; then
        environment=${FAIRSEQ_ALIGNMLM_ENVIRONMENT:-$root/.venv}
        (
            if command -v flock >/dev/null; then flock 9; fi # of two recipes at a time one makes it
            _make "$root" "$environment" "${EXTRAS:-dev}"
        ) 9<"$root/setup.py" || return
        python=$environment/bin/python
    fi
    "$python" -c 'import sys; sys.exit("fairseq_startup" not in sys.modules)' ||
        _fail "$python (FAIRSEQ_ALIGNMLM_PYTHON) does not have fairseq_alignmlm installed" || return
    python=$(command -v "$python")
    [[ -x $(dirname "$python")/alignmlm ]] ||
        _fail "there is no alignmlm beside $python; install again: $python -m pip install --no-deps -e $root" || return
    export FAIRSEQ_ALIGNMLM_PYTHON=$python # for the scripts that this one's caller calls
    PATH=$(cd "$(dirname "$python")" && pwd):$PATH
    export PATH
}

_environment || return 1 # which ends a recipe, and not the shell of a person

# shellcheck shell=bash
# Makes the virtual environments that the scripts beside this file run in. To be sourced, with
# `set -euo pipefail`; every function that gives something prints it on its standard output.

checkout=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
readonly checkout
# A wrong set-up that trying again will not mend, as everywhere in edgevision.
readonly wrong_setup=2

say() { printf '%s\n' "$*" >&2; }

give_up() {
    say "${0##*/}: $*"
    exit "$wrong_setup"
}

# Runs "$@" with its output in a log; one line says what is done and how long it took.
step() {
    local what=$1 log=$checkout/.venv-setup/log begun=$SECONDS
    shift
    mkdir -p "${log%/*}"
    printf '%s ... ' "$what" >&2
    if ! "$@" >"$log" 2>&1 </dev/null; then
        say "failed"
        tail -n 15 "$log" >&2
        say "${0##*/}: failed: $what; the whole output is in $log"
        exit 1
    fi
    say "$((SECONDS - begun)) s"
}

# True if $1 is a Python of a version that edgevision supports (and is no shim of another one).
is_supported() {
    "$1" -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))' >/dev/null 2>&1
}

# True if the camera library of the Raspberry Pi's system is there; it serves the system's Python
# only, and no package index has one that works.
has_system_picamera2() {
    dpkg-query --show --showformat='${Status}' python3-picamera2 2>/dev/null |
        grep -q 'install ok installed'
}

# The Python to make environments with: $PYTHON, else the newest that is there. Prints nothing if
# there is none.
find_python() {
    local candidate candidates=(python3.13 python3.12 python3.11 python3.10 python3)
    if [[ -n ${PYTHON:-} ]]; then
        is_supported "$PYTHON" ||
            give_up "PYTHON=$PYTHON is no Python 3.10 to 3.13: set it to one, or unset it"
        printf '%s\n' "$PYTHON"
        return
    fi
    if has_system_picamera2; then
        candidates=(/usr/bin/python3 "${candidates[@]}")
    fi
    for candidate in "${candidates[@]}"; do
        if command -v "$candidate" >/dev/null && is_supported "$candidate"; then
            command -v "$candidate"
            return
        fi
    done
}

# True if $1 can make an environment that has pip; Debian keeps that in a package of its own.
can_make_environments() {
    "$1" -m ensurepip --version >/dev/null 2>&1 && "$1" -c 'import venv' 2>/dev/null
}

# shellcheck disable=SC2317  # `step` calls it by name
install_packages() {
    export DEBIAN_FRONTEND=noninteractive
    apt-get install --yes --no-install-recommends "$@" ||
        { apt-get update && apt-get install --yes --no-install-recommends "$@"; }
}

# Sets `python`; installs the system's python3-venv if that is what is missing.
choose_python() {
    python=$(find_python)
    if [[ -n $python ]] && can_make_environments "$python"; then
        return
    fi
    if ! command -v apt-get >/dev/null; then
        give_up "needs Python 3.10 to 3.13 with its modules venv and ensurepip: install it, or set" \
            "PYTHON to one"
    fi
    if [[ $(id -u) != 0 ]]; then
        give_up "needs Python's venv module: sudo apt-get install -y python3-venv"
    fi
    step "Installing python3-venv" install_packages python3-venv
    python=$(find_python)
    if [[ -z $python ]] || ! can_make_environments "$python"; then
        give_up "${python:-no Python 3.10 to 3.13 is on the PATH, and it} cannot make virtual" \
            "environments, also with python3-venv: set PYTHON to one that can"
    fi
}

# Programs that some tests drive, each with the system packages that bring it.
readonly test_programs=(
    "mosquitto:mosquitto"
    "chromium:chromium"
    "chromedriver:chromium-driver"
    "systemd-analyze:systemd"
    "gcc:gcc libc6-dev"
    "xvfb-run:xvfb xauth"
    "xdotool:xdotool"
    "gst-launch-1.0:gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-ugly gstreamer1.0-plugins-bad python3-gi gir1.2-gst-plugins-base-1.0 gir1.2-gst-rtsp-server-1.0"
)

# Installs the packages of test programs that are absent, if this may; else their tests are skipped.
install_test_programs() {
    local row packages=()
    for row in "${test_programs[@]}"; do
        if ! PATH=$PATH:/usr/sbin command -v "${row%%:*}" >/dev/null; then
            read -ra more <<<"${row#*:}"
            packages+=("${more[@]}")
        fi
    done
    if ((${#packages[@]} == 0)); then
        return
    fi
    if [[ $(id -u) != 0 ]] || ! command -v apt-get >/dev/null; then
        say "Not here: ${packages[*]}; tests that need them are left out"
        return
    fi
    (step "Installing ${packages[*]}" install_packages "${packages[@]}") ||
        say "Tests that need them are left out"
}

# Constraints for pip, one a line, with the Python $1. The camera library of Debian bookworm was
# compiled against numpy 1 and fails to load beside numpy 2, which OpenCV 4.12 and later want.
constraints_for() {
    local numpy
    has_system_picamera2 || return 0
    numpy=$("$1" -c 'import numpy; print(numpy.__version__)' 2>/dev/null || true)
    if [[ $numpy == 1.* ]]; then
        printf '%s\n' 'numpy<2' 'opencv-python-headless<4.12'
    fi
}

# Hash of the files $@ (or of the files in them), by content and name.
digest_of() {
    (cd "$checkout" &&
        find "$@" -name __pycache__ -prune -o -type f -print0 | LC_ALL=C sort -z |
        xargs -0 sha256sum | sha256sum | cut -d ' ' -f 1)
}

# Makes environment $1 afresh, unless it was finished before with the same Python and the same
# further arguments of venv, $2..., and no installation into it was cut short: pip takes a package
# that is half there for a whole one.
make_environment() {
    local folder=$1 wanted
    shift
    wanted=$("$python" -c 'import sys; print(sys.version, sys.base_prefix)'; printf '%s\n' "$*")
    if [[ $(cat "$folder/.made-with" 2>/dev/null) == "$wanted" && ! -e $folder/.installing ]] &&
        "$folder/bin/python" -c 'import pip' 2>/dev/null; then
        return
    fi
    step "Making ${folder##*/} with $("$python" --version 2>&1)" \
        "$python" -m venv --clear "$@" "$folder"
    printf '%s\n' "$wanted" >"$folder/.made-with"
}

# The environment that both scripts use.
make_main_environment() {
    local arguments=()
    if has_system_picamera2; then
        arguments=(--system-site-packages)
    fi
    make_environment "$checkout/.venv" "${arguments[@]}"
}

# The wheel in dist/, if there is one.
built_wheel() {
    local file
    for file in "$checkout"/dist/edgevision-*.whl; do
        if [[ -f $file ]]; then
            printf '%s\n' "$file"
        fi
    done
}

# Sets `wheel` to the built wheel; builds it with environment $1 unless no file of it has changed.
build_wheel() {
    local dist=$checkout/dist now
    now=$(digest_of edgevision pyproject.toml README.md)
    wheel=$(built_wheel)
    if [[ -n $wheel && $(cat "$dist/.made-from" 2>/dev/null) == "$now" ]]; then
        return
    fi
    rm -f "$dist"/edgevision-*.whl "$dist/.made-from"
    step "Building the wheel" \
        "$1/bin/python" -m pip wheel --no-deps --wheel-dir "$dist" "$checkout"
    wheel=$(built_wheel)
    printf '%s\n' "$now" >"$dist/.made-from"
}

# Installs `wheel` into environment $1 with the extra $2 ("" for none) and the requirements $3...;
# those are looked at only when pyproject.toml or they have changed.
install_wheel() {
    local folder=$1 extra=$2 asked wanted new
    shift 2
    local of_extra=$folder/.installed-$extra of_wheel=$folder/.installed-wheel
    asked=$(constraints_for "$python"; printf '%s\n' "$@"; cat "$checkout/pyproject.toml")
    wanted=$(sha256sum <<<"$asked")
    new=$(sha256sum <"$wheel")
    touch "$folder/.installing"
    if [[ $(cat "$of_extra" 2>/dev/null) != "$wanted" ]]; then
        rm -f "$of_extra" "$of_wheel"
        constraints_for "$python" >"$folder/constraints.txt"
        step "Installing the wheel and what it needs${extra:+ (extra $extra)}" \
            install_afresh "$folder" "$wheel${extra:+[$extra]}" "$@"
    elif [[ $(cat "$of_wheel" 2>/dev/null) != "$new" ]]; then
        rm -f "$of_wheel"
        step "Installing the wheel" \
            "$folder/bin/python" -m pip install --force-reinstall --no-deps "$wheel"
    fi
    printf '%s\n' "$wanted" >"$of_extra"
    printf '%s\n' "$new" >"$of_wheel"
    rm "$folder/.installing"
}

# pip takes a wheel of the version that is installed for the same one, whatever is in it.
install_afresh() {
    local pip=("$1/bin/python" -m pip) constraints=$1/constraints.txt
    shift
    "${pip[@]}" uninstall --yes edgevision && "${pip[@]}" install --constraint "$constraints" "$@"
}

# One call at a time makes environments; another waits here.
lock_environments() {
    mkdir -p "$checkout/.venv-setup" 2>/dev/null ||
        give_up "$checkout cannot be written to: clone it to a folder of yours"
    exec {lock}>"$checkout/.venv-setup/lock"
    flock "$lock"
}

unlock_environments() {
    exec {lock}>&-
}

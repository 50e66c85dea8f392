#!/bin/sh
# Finds a Python to start the launcher with: the project's own when it is there, else RAGAPP_PYTHON,
# else the first 3.11 or later on PATH (the pins were resolved with 3.11).
# Usage: start.sh run|manage|test ARGUMENTS
launcher=$(dirname -- "$(readlink -f -- "$0")")
project=$(dirname -- "$launcher")

is_recent() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

for python in "$project/.venv/bin/python" "${RAGAPP_PYTHON:-}" \
    python3.11 python3.12 python3.13 python3 python3.14; do
    if [ -n "$python" ] && is_recent "$python"; then
        exec "$python" "$launcher" "$@"
    fi
done
found=$(python3 --version 2>/dev/null || echo "no Python 3")
echo "ragapp: Python 3.11 or later is needed and $found was found: install it (for example with uv," \
    "pyenv or your distribution), then start again or name it: RAGAPP_PYTHON=/path/to/python3" >&2
exit 1

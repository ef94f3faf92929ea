# Sourced by the other commands: finds Python and uv, and makes .venv what uv.lock says. POSIX sh.
#
# Every candidate is executed, because a name on the PATH may be a shim that only prints an error.
set -eu
ROOT=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
cd "$ROOT"

works() {
  [ -x "$1" ] && [ "$("$1" -c 'import ssl, sqlite3, sys, venv; print((3, 12) <= sys.version_info[:2] < (3, 15))' \
    2>/dev/null)" = True ]
}

find_python() {
  for version in 3.13 3.14 3.12; do
    for candidate in \
      "$(command -v "python$version" 2>/dev/null || true)" \
      "${PYENV_ROOT:-$HOME/.pyenv}"/versions/"$version"*/bin/python \
      "${UV_PYTHON_INSTALL_DIR:-$HOME/.local/share/uv/python}"/cpython-"$version"*/bin/python3 \
      "/usr/bin/python$version" "/usr/local/bin/python$version" "/opt/homebrew/bin/python$version" \
      "/opt/python/$version"*/bin/python \
      "/Library/Frameworks/Python.framework/Versions/$version/bin/python3"; do
      if works "$candidate"; then echo "$candidate"; return; fi
    done
  done
  for name in python3 python; do
    candidate=$(command -v "$name" 2>/dev/null || true)
    if works "$candidate"; then echo "$candidate"; return; fi
  done
}

stop() { echo "$1" >&2; exit 1; }

uv_works() { uv --version >/dev/null 2>&1; }

choose_python() {
  if [ -n "${PORTAL_PYTHON:-}" ]; then
    works "$PORTAL_PYTHON" || stop "PORTAL_PYTHON=$PORTAL_PYTHON is not a working Python 3.12, 3.13 or 3.14."
    echo "$PORTAL_PYTHON"
    return
  fi
  found=$(find_python)
  if [ -z "$found" ] && uv_works; then found=3.13; fi # uv downloads it
  [ -n "$found" ] || stop "Python 3.12, 3.13 or 3.14 is needed, and none was found. Install one, or uv \
(https://docs.astral.sh/uv/), or set PORTAL_PYTHON=/path/to/python3.13."
  echo "$found"
}

own_uv() {
  if [ ! -x .uv/bin/uv ]; then
    rm -rf .uv
    { "$1" -m venv .uv && .uv/bin/python -m pip --disable-pip-version-check install -q uv; } >&2 ||
      stop "uv could not be installed. Install it yourself: https://docs.astral.sh/uv/"
  fi
  echo .uv/bin/uv
}

# What .venv was made from; the same again means that there is nothing to do.
recipe() { cat uv.lock pyproject.toml bin/_env.sh | cksum; echo "$ROOT ${PORTAL_PYTHON:-}"; }

set_up() {
  if works .venv/bin/python && [ "$(recipe)" = "$(cat .venv/made-from 2>/dev/null)" ]; then return; fi
  echo "Setting up (the first time takes up to a minute)…" >&2
  chosen=$(choose_python)
  if uv_works; then uv=uv; else uv=$(own_uv "$chosen"); fi
  env -u VIRTUAL_ENV UV_PROJECT_ENVIRONMENT="$ROOT/.venv" \
    "$uv" sync --quiet --frozen --extra embedded --python "$chosen" ||
    stop "The environment could not be set up with Python $chosen; see the lines above."
  recipe >.venv/made-from
}

set_up
PYTHON="$ROOT/.venv/bin/python"

#!/usr/bin/env bash
# The rivals beside gradus: installs PyTorch and llama.cpp outside of this
# folder, measures in turns, and writes the table into docs/performance.md.
# Options are those of compare.py (--models 5m --kinds train --rounds 5 ...).
# run.sh products [--rounds 5] is the matrix products beside MKL, oneDNN and
# OpenBLAS, without llama.cpp.
#
# It needs Python 3.10 or newer with venv, cmake, a C++ compiler, 7 GB in
# $GRADUS_RIVALS (default: the user's cache folder) and, once, PyPI.
set -euo pipefail
cd "$(dirname "$0")/../.."

here=bench/rivals
cache=${GRADUS_RIVALS:-${XDG_CACHE_HOME:-$HOME/.cache}/gradus-rivals}
llama=llama_cpp_python-0.3.36 # its source package holds all of llama.cpp

for tool in python3 cmake c++; do
  command -v $tool >/dev/null || { echo "rivals: there is no '$tool' here. Debian, Ubuntu: apt install python3-venv cmake g++." >&2; exit 1; }
done
[ -x bin/gradus ] || { echo "rivals: there is no bin/gradus; run make build first." >&2; exit 1; }
mkdir -p "$cache"

python=$cache/venv/bin/python
if ! cmp -s $here/requirements.txt "$cache/requirements.txt"; then
  [ -x "$python" ] || python3 -m venv "$cache/venv"
  "$python" -m pip install --quiet -r $here/requirements.txt
  cp $here/requirements.txt "$cache/requirements.txt"
fi

if [ "${1:-}" = products ]; then
  shift
  exec "$python" $here/products.py --gradus "$PWD/bin/gradus" --write docs/performance.md "$@"
fi

if [ "$(cat "$cache/llama-version" 2>/dev/null)" != "$llama" ]; then
  if [ ! -d "$cache/$llama" ]; then
    # pip would build the Python module to read the package's name; only the source is wanted.
    "$python" -m pip download --quiet --no-deps --no-binary :all: -d "$cache" "${llama%-*}==${llama##*-}"
    tar -xzf "$cache/$llama.tar.gz" -C "$cache"
    rm "$cache/$llama.tar.gz"
  fi
  # What the machine has (GGML_NATIVE), optimised, and nothing that is not timed.
  cmake -S "$cache/$llama/vendor/llama.cpp" -B "$cache/llama-build" -DCMAKE_BUILD_TYPE=Release -DGGML_NATIVE=ON \
    -DBUILD_SHARED_LIBS=OFF -DLLAMA_CURL=OFF -DLLAMA_OPENSSL=OFF -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_BUILD_SERVER=OFF
  cmake --build "$cache/llama-build" --target llama-batched-bench -j "$(nproc)"
  echo "$llama" >"$cache/llama-version"
fi

for model in 1m 5m 10m; do
  "$python" $here/write_gguf.py --model $model --out "$cache/$model.gguf"
done

exec "$python" $here/compare.py --gradus "$PWD/bin/gradus" --llama "$cache/llama-build/bin/llama-batched-bench" --cache "$cache" \
  --write docs/performance.md "$@"

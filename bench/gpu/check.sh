#!/usr/bin/env bash
# Everything that can only be known on a GPU, in one call of at most ten minutes
# on a bare machine: no network, no Go, no compiler, no CUDA toolkit.
#
#   make gpu-binaries                       where there is Go: fills bin/gpu
#   bench/gpu/check.sh bin/gpu OUT          on the machine with the GPU
#   bench/gpu/check.sh --dry bin/gpu OUT    in the repository, without a GPU (make gpu-dry)
#
# --dry goes the same way with a stand-in for the driver and the kernels on the
# CPU, with runs cut short, to show that every part works. Its figures mean
# nothing, and report.txt says so.
#
# OUT receives report.json (one JSON object a line, as gradus bench --json
# writes them), report.txt (for people) and the log of every part. A part that
# fails or runs out of time is recorded, and the next one begins. The exit code
# is 0 if all parts passed.
set -uo pipefail

dry=
[ "${1:-}" = --dry ] && dry=1 && shift
bin=${1:?usage: check.sh [--dry] BINARIES OUT} out=${2:?usage: check.sh [--dry] BINARIES OUT}
here=$(cd "$(dirname "$0")" && pwd)
bin=$(cd "$bin" && pwd) || exit 2
mkdir -p "$out" && out=$(cd "$out" && pwd) || exit 2
for f in gradus cuda.test cux.test; do
  [ -x "$bin/$f" ] || { echo "check.sh: no $bin/$f; run make gpu-binaries where there is Go" >&2; exit 2; }
done
json=$out/report.json txt=$out/report.txt
: >"$json"; : >"$txt"
export GRADUS_GPU_REPORT=$json
tests=$bin short=() emulator=
if [ -n "$dry" ]; then
  for f in libcuda.so.1 libnvidia-ml.so.1 emu.so; do
    [ -r "$bin/standin/$f" ] || { echo "check.sh: no $bin/standin/$f; run make gpu-dry" >&2; exit 2; }
  done
  unset GRADUS_TEST_GPU
  export GRADUS_LIBCUDA=$bin/standin/libcuda.so.1 GRADUS_LIBNVML=$bin/standin/libnvidia-ml.so.1
  emulator=$bin/standin/emu.so
  tests=$(cd "$here/../../kernels/cuda" && pwd) # the tests compile their own stand-in from there
  short=(--set sft.steps=2 --set sft.batch_size=4 --set grpo.steps=1 --set grpo.prompts_per_step=2 --set grpo.num_generations=2
    --set grpo.max_completion_length=12 --set model.hidden_size=32 --set model.num_hidden_layers=1 --set eval.prompts=4)
else
  export GRADUS_TEST_GPU=1
fi
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
failed=0

say() { printf '%s\n' "$*" | tee -a "$txt"; }
quote() { sed 's/\\/\\\\/g; s/"/\\"/g; s/[[:cntrl:]]/ /g' <<<"$1"; }
# part NAME SECONDS COMMAND...: runs it, with its output in OUT/NAME.log. All
# parts together take no more than ten minutes: the last ones get what is left.
part() {
  local name=$1 limit=$2 start rc took left=$((590 - SECONDS))
  shift 2
  [ -z "$dry" ] && [ "$limit" -gt "$left" ] && limit=$left
  if [ "$limit" -lt 5 ]; then
    say "SKIPPED $name: the ten minutes are over"; failed=1
    return 1
  fi
  start=$(date +%s.%N)
  timeout -k 5 "$limit" "$@" >"$out/$name.log" 2>&1
  rc=$?
  took=$(awk "BEGIN { printf \"%.1f\", $(date +%s.%N) - $start }")
  case $rc in
  0) say "ok      $name (${took} s)" ;;
  124 | 137) say "TIMEOUT $name after ${limit} s: see $name.log"; failed=1 ;;
  *) say "FAILED  $name (exit $rc, ${took} s): $(grep -m1 -E 'FAIL|error|Error|gradus:|panic' "$out/$name.log" | cut -c1-300)"; failed=1 ;;
  esac
  printf '{"name":"check.%s","value":%s,"unit":"s","better":"lower","rc":%d}\n' "$name" "$took" "$rc" >>"$json"
  return $rc
}

[ -n "$dry" ] && say "DRY RUN without a GPU: a stand-in for the driver. No figure below is of a GPU."
say "gradus on a GPU, $(date -u +%Y-%m-%dT%H:%MZ)"
say "$("$bin/gradus" version 2>/dev/null | head -n 1)"
if [ -z "$dry" ] && command -v nvidia-smi >/dev/null; then
  smi=$(nvidia-smi --query-gpu=name,driver_version,memory.total,power.limit,clocks.max.sm --format=csv,noheader | head -n 1)
  say "GPU: $smi"
  printf '{"name":"check.gpu","value":1,"unit":"","note":"%s"}\n' "$(quote "$smi")" >>"$json"
fi
printf '{"name":"check.date","value":%s,"unit":"s","note":"%s"}\n' "$(date +%s)" "$(uname -srm)" >>"$json"

part doctor 15 "$bin/gradus" doctor
grep -E 'cuda|gpu' "$out/doctor.log" | while read -r line; do say "        $line"; done

# gotest NAME SECONDS BINARY PATTERN: a part that is a test binary.
gotest() {
  local folder=$tests
  [ -n "$dry" ] && [ "$3" = cux.test ] && folder=$tests/cux
  # shellcheck disable=SC2016 # the inner shell expands them
  part "$1" "$2" bash -c 'cd "$1" && exec "$2" -test.v -test.run "$3"' - "$folder" "$bin/$3" "$4"
}
# 1. Does the driver take our calls and our PTX? Nothing of the disk cache.
CUDA_CACHE_DISABLE=1 gotest questions 45 cuda.test 'TestQuestions'
gotest calls 30 cux.test .
# 2. Does every kernel compute what the reference computes, and the same bits
#    whatever the batch?
gotest conformance 100 cuda.test 'TestContract|TestCheck|TestFaults|TestRepeat'
gotest bits 70 cuda.test 'TestBits'
# 3. How fast is every op?
gotest perf 50 cuda.test 'TestPerf'

# A dry run has no kernels here: decoding would take hours on the CPU.
bench=(step decode)
[ -n "$dry" ] && bench=(step --only train.1m.2048tok)
part step 50 "$bin/gradus" bench "${bench[@]}" --device cuda --repeats 3 --json
grep '^{' "$out/step.log" >>"$json"
[ -n "$dry" ] && export GRADUS_FAKE_EMULATOR=$emulator

# The models that the project's bars are about (docs/gpu.md). What is done when
# the time is over is in the report.
if [ -z "$dry" ]; then
  part large 120 "$bin/gradus" bench gpu --device cuda --repeats 2 --json
  grep '^{' "$out/large.log" >>"$json"
fi

part plan 30 "$bin/gradus" plan "$here/check.toml" "${short[@]}"

# 4. Two identical runs must end with the same bits.
# A run is a process of its own: one that is not done in time has to be stopped.
train() {
  GRADUS_HOME=$work/$1 part "train-$1" 40 "$bin/gradus" run "$here/check.toml" --follow "${short[@]}" "${@:2}" && return
  GRADUS_HOME=$work/$1 timeout 15 "$bin/gradus" stop gpu-check >>"$out/train-$1.log" 2>&1
  return 1
}
weights() { find "$work/$1" -name '*.safetensors' -exec sha256sum {} + 2>/dev/null | awk '{ print $1 }' | sort; }
if train a && train b; then
  if [ -n "$(weights a)" ] && [ "$(weights a)" = "$(weights b)" ]; then
    say "ok      two runs, the same bits"
    echo '{"name":"check.same_bits","value":1,"unit":"","better":"higher"}' >>"$json"
  else
    say "FAILED  two identical runs differ"; failed=1
    echo '{"name":"check.same_bits","value":0,"unit":"","better":"higher"}' >>"$json"
  fi
fi
train cpu --set device=cpu
# The same gradients from activations that are computed twice.
if train recompute --set limits.gradient_checkpointing=true && [ -n "$(weights a)" ]; then
  if [ "$(weights a)" = "$(weights recompute)" ]; then
    say "ok      gradient checkpointing, the same bits"
  else
    say "FAILED  gradient checkpointing changes the result"; failed=1
  fi
fi
if grep -q 'gpu [0-9]* W' "$out/train-a.log"; then
  say "ok      the run records the GPU's power: $(grep -oE 'gpu [0-9]+ W [0-9]+ °C' "$out/train-a.log" | tail -n 1)"
else
  say "--      the run has no figures of the GPU's power: $(grep -m1 -o 'No figures of the GPU.*' "$out/train-a.log")"
fi

# 5. The rival, where PyTorch and transformers are installed.
if [ -n "$dry" ]; then
  say "--      rival: not in a dry run"
elif python3 -c 'import torch, transformers' 2>/dev/null; then
  part peaks 20 python3 "$here/rival.py" --json "$json" --matmul
  part rival 40 python3 "$here/rival.py" --json "$json"
  # 1.5B, the step that has a bar: 128 completions of 300 tokens.
  part rival-1.5b 90 python3 "$here/rival.py" --json "$json" --name torch.qwen1.5b --dtype bfloat16 --hidden 1536 --inner 8960 \
    --layers 28 --heads 12 --kv-heads 2 --vocab 151936 --prompt-length 256 --completion-length 300 --micro-batch 16 --steps 1
else
  say "--      rival: PyTorch or transformers is not installed for $(command -v python3 || echo python3)"
  echo '{"name":"rival.skipped","value":1,"unit":"","note":"no PyTorch or no transformers"}' >>"$json"
fi

if [ -z "$dry" ]; then
  say ""
  say "figures:"
  sed -nE 's/^\{"name":"((gpu|rival)\.[^"]*)","value":([^,]*),"unit":"([^"]*)".*"note":"([^"]*)".*/\1: \3 \4 (\5)/p; t
         s/^\{"name":"((gpu|rival|train|grpo|decode)\.[^"]*)","value":([^,]*),"unit":"([^"]*)".*/\1: \3 \4/p' "$json" | while read -r line; do say "  $line"; done
fi
if [ $failed = 0 ]; then say "all parts passed"; else say "some parts failed: the logs are in $out"; fi
exit $failed

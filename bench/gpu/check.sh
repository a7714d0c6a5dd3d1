#!/usr/bin/env bash
# Everything that can only be known on a GPU, on a bare machine: no network, no
# Go, no compiler, no CUDA toolkit.
#
#   make gpu-binaries                       where there is Go: fills bin/gpu
#   bench/gpu/check.sh bin/gpu OUT          on the machine with the GPU
#   bench/gpu/check.sh --dry bin/gpu OUT    in the repository, without a GPU (make gpu-dry)
#
# Parts run in the order of what they settle, each with a limit of its own, and
# together no longer than --seconds (590 if not given, and 1500 are enough for
# all). Where a call may not take that long, parts can be chosen: --only takes an
# extended regular expression for their names, and --list prints them.
#
#   bench/gpu/check.sh --only 'questions|conformance|bits|calls' bin/gpu OUT
#   bench/gpu/check.sh --only large bin/gpu OUT
#
# --dry goes the same way with a stand-in for the driver and the kernels on the
# CPU, with runs cut short, to show that every part works. Its figures mean
# nothing, and report.txt says so.
#
# OUT receives report.json (one JSON object a line, as gradus bench --json
# writes them), report.txt (for people) and the log of every part; further calls
# add to them. A part that fails or runs out of time is recorded with what it had
# found by then, and the next one begins. The exit code is 0 if all parts passed.
set -uo pipefail

usage='usage: check.sh [--dry] [--list] [--seconds N] [--only REGEX] BINARIES OUT'
# In this order. "train" is all runs.
parts='doctor questions conformance mma bits large train-a train-cpu train-b peaks rival-1.5b large-own products calls perf step rival train-recompute plan'
dry='' seconds=590 only=''
while [ $# -gt 0 ]; do
  case $1 in
  --dry) dry=1 ;;
  --list) tr ' ' '\n' <<<"$parts"; exit 0 ;;
  --seconds) seconds=${2:?$usage}; shift ;;
  --only) only=${2:?$usage}; shift ;;
  --*) echo "check.sh: no option $1; $usage" >&2; exit 2 ;;
  *) break ;;
  esac
  shift
done
case $seconds in '' | *[!0-9]*) echo "check.sh: --seconds $seconds is no number; $usage" >&2; exit 2 ;; esac
if [ -n "$only" ] && ! tr ' ' '\n' <<<"$parts" | grep -qE -- "$only"; then
  echo "check.sh: no part is named like '$only'; the parts are: $parts" >&2; exit 2
fi
bin=${1:?$usage} out=${2:?$usage}
here=$(cd "$(dirname "$0")" && pwd)
bin=$(cd "$bin" && pwd) || exit 2
mkdir -p "$out" && out=$(cd "$out" && pwd) || exit 2
for f in gradus cuda.test cux.test; do
  [ -x "$bin/$f" ] || { echo "check.sh: no $bin/$f; run make gpu-binaries where there is Go" >&2; exit 2; }
done
json=$out/report.json txt=$out/report.txt
: >>"$json"; : >>"$txt"
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
  # cuBLASLt of the Python at hand, which may be in an environment of its own.
  if [ -z "${GRADUS_LIBCUBLASLT:-}" ]; then
    lt=$(python3 -c 'import glob, sys; print(([f for p in sys.path for f in sorted(glob.glob(p + "/nvidia/*/lib/libcublasLt.so.1[23]"))] or [""])[-1])' 2>/dev/null)
    [ -n "$lt" ] && export GRADUS_LIBCUBLASLT=$lt
  fi
fi
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
failed=0

say() { printf '%s\n' "$*" | tee -a "$txt"; }
quote() { sed 's/\\/\\\\/g; s/"/\\"/g; s/[[:cntrl:]]/ /g' <<<"$1"; }
# wanted NAME: is it among the parts that were asked for?
wanted() { [ -z "$only" ] || grep -qE -- "$only" <<<"$1"; }
# part NAME SECONDS COMMAND...: runs it, with its output in OUT/NAME.log, and
# takes over the figures it has printed. All parts together take no more than
# --seconds: the last ones get what is left.
part() {
  local name=$1 limit=$2 start rc took left=$((seconds - SECONDS))
  shift 2
  wanted "$name" || return 1
  [ -z "$dry" ] && [ "$limit" -gt "$left" ] && limit=$left
  if [ "$limit" -lt 5 ]; then
    say "SKIPPED $name: the $seconds seconds are over; go on with --only '^$name\$'"; failed=1
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
  case $name in
  large | step) grep '^{' "$out/$name.log" >>"$json" ;;
  large-own) sed -n 's/^{"name":"gpu\./{"name":"gpu.own./p' "$out/$name.log" >>"$json" ;;
  esac
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
[ -r "$out/doctor.log" ] && grep -E 'cuda|gpu' "$out/doctor.log" | while read -r line; do say "        $line"; done

# gotest NAME SECONDS BINARY PATTERN: a part that is a test binary.
gotest() {
  local folder=$tests
  [ -n "$dry" ] && [ "$3" = cux.test ] && folder=$tests/cux
  # shellcheck disable=SC2016 # the inner shell expands them
  part "$1" "$2" bash -c 'cd "$1" && exec "$2" -test.v -test.run "$3"' - "$folder" "$bin/$3" "$4"
}
# 1. Does the driver take our calls and our PTX? Nothing of the disk cache. Then
#    what it has compiled is kept for all that follows.
CUDA_CACHE_DISABLE=1 gotest questions 60 cuda.test 'TestQuestions'
# 2. Does every kernel compute what the reference computes, and the same bits
#    whatever the batch?
gotest conformance 120 cuda.test 'TestContract|TestCheck|TestFaults|TestRepeat|TestCublasLtOnGPU|TestWarpgroups'
#    And what runs where the matrix units of Hopper do not prove themselves?
GRADUS_WGMMA=off gotest mma 60 cuda.test 'TestCheck'
gotest bits 90 cuda.test 'TestBits'

# 3. The models that the project's bars are about (docs/gpu.md). What is done
#    when the time is over is in the report.
if [ -z "$dry" ]; then
  part large 240 "$bin/gradus" bench gpu --device cuda --repeats 2 --json
fi

# 4. A whole run, which begins with the proof that the GPU computes rightly; the
#    same on the CPU; and again, to end with the same bits.
# A run is a process of its own: one that is not done in time has to be stopped.
train() {
  wanted "train-$1" || return 1
  [ -n "$dry" ] && local -x GRADUS_FAKE_EMULATOR=$emulator # the other parts have no kernels: they would take hours
  GRADUS_HOME=$work/$1 part "train-$1" 60 "$bin/gradus" run "$here/check.toml" --follow "${short[@]}" "${@:2}" && return
  GRADUS_HOME=$work/$1 timeout 15 "$bin/gradus" stop gpu-check >>"$out/train-$1.log" 2>&1
  return 1
}
weights() { find "$work/$1" -name '*.safetensors' -exec sha256sum {} + 2>/dev/null | awk '{ print $1 }' | sort; }
# result NAME: its last step, for a look at both side by side. The sums of a GPU
# and of a CPU differ in their last bits, so the runs part after some steps.
result() { grep -oE 'step [0-9/]+ grpo .*' "$out/train-$1.log" | tail -n 1; }
# same NAME OTHER WORDS FIGURE: do two runs end with the same bits?
same() {
  local is=0
  [ -n "$(weights "$1")" ] && [ "$(weights "$1")" = "$(weights "$2")" ] && is=1
  if [ $is = 1 ]; then say "ok      $3, the same bits"; else say "FAILED  $3: the bits differ"; failed=1; fi
  printf '{"name":"check.%s","value":%d,"unit":"","better":"higher"}\n' "$4" $is >>"$json"
}
a='' b=''
train a && a=1
if [ -n "$a" ]; then
  if grep -q 'gpu [0-9]* W' "$out/train-a.log"; then
    say "ok      the run records the GPU's power: $(grep -oE 'gpu [0-9]+ W [0-9]+ °C' "$out/train-a.log" | tail -n 1)"
  else
    say "--      the run has no figures of the GPU's power: $(grep -m1 -o 'No figures of the GPU.*' "$out/train-a.log")"
  fi
fi
train cpu --set device=cpu && [ -n "$a" ] && say "        cuda: $(result a)" && say "        cpu:  $(result cpu)"
train b && b=1
[ -n "$a$b" ] && [ "$a$b" = 11 ] && same a b "two runs" same_bits

# 5. The rival, where PyTorch and transformers are installed: what the GPU reaches
#    with it, and 1.5B, the step that has a bar: 128 completions of 300 tokens.
torch=
if [ -n "$dry" ]; then
  say "--      rival: not in a dry run"
elif ! wanted peaks && ! wanted rival && ! wanted rival-1.5b; then
  :
elif python3 -c 'import torch, transformers' 2>/dev/null; then
  torch=1
  part peaks 30 python3 "$here/rival.py" --json "$json" --matmul
  part rival-1.5b 180 python3 "$here/rival.py" --json "$json" --name torch.qwen1.5b --dtype bfloat16 --hidden 1536 --inner 8960 \
    --layers 28 --heads 12 --kv-heads 2 --vocab 151936 --prompt-length 256 --completion-length 300 --micro-batch 16 --steps 1
elif python3 -c 'import torch' 2>/dev/null; then
  say "--      rival: PyTorch is installed, transformers is not; only the peaks"
  part peaks 30 python3 "$here/rival.py" --json "$json" --matmul
else
  say "--      rival: PyTorch is not installed for $(command -v python3 || echo python3)"
  echo '{"name":"rival.skipped","value":1,"unit":"","note":"no PyTorch or no transformers"}' >>"$json"
fi

# 6. The models of 3. once more, by our own kernels alone (docs/gpu.md: cuBLASLt).
if [ -z "$dry" ]; then
  GRADUS_LIBCUBLASLT=off part large-own 240 "$bin/gradus" bench gpu --device cuda --repeats 2 --json
fi

# 7. The rest: calls of the driver one by one, every op's speed, small models.
gotest calls 30 cux.test .
#    Products in bf16 by mma.sync, wgmma and cuBLASLt side by side.
gotest products 90 cuda.test 'TestProductRates'
gotest perf 60 cuda.test 'TestPerf'
bench=(step decode)
[ -n "$dry" ] && bench=(step --only train.1m.2048tok)
part step 60 "$bin/gradus" bench "${bench[@]}" --device cuda --repeats 3 --json
[ -n "$torch" ] && part rival 60 python3 "$here/rival.py" --json "$json"
# The same gradients from activations that are computed twice.
train recompute --set limits.gradient_checkpointing=true && [ -n "$a" ] && same a recompute "gradient checkpointing" checkpointing_same_bits
GRADUS_FAKE_EMULATOR=$emulator part plan 30 "$bin/gradus" plan "$here/check.toml" "${short[@]}"

if [ -z "$dry" ]; then
  say ""
  say "figures:"
  sed -nE 's/^\{"name":"((gpu|rival)\.[^"]*)","value":([^,]*),"unit":"([^"]*)".*"note":"([^"]*)".*/\1: \3 \4 (\5)/p; t
         s/^\{"name":"((gpu|rival|train|grpo|decode)\.[^"]*)","value":([^,]*),"unit":"([^"]*)".*/\1: \3 \4/p' "$json" | while read -r line; do say "  $line"; done
fi
if [ $failed = 0 ]; then say "all parts passed"; else say "some parts failed: the logs are in $out"; fi
exit $failed

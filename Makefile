# gradus: build, try, test. Needs Go 1.26 or newer, gcc and make; nothing else.
# Every target stays inside this folder and the Go caches.

GO       ?= go
CC       ?= gcc
GO_MIN   := 1.26
TAGS     := sqlite_fts5,sqlite_omit_load_extension
VERSION  ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS  := -X main.version=$(VERSION)
# Pinned: a newer linter must not turn a green tree red by itself.
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
TOOLS    := $(CURDIR)/bin/tools

# The numeric packages spend their time in float64 loops, which the race
# detector slows about tenfold; their concurrency is the C worker pool of
# kernels/cpu, which is tested under -race by itself.
SLOW_UNDER_RACE := gradus/kernels/ref gradus/kernels/optest gradus/kernels/cuda/emu gradus/model
# These start no goroutine and share no state (architecture_test.go looks), so
# there is nothing for the race detector to find in their own tests. Those who
# call them at the same time, as runner/train/judge does, are tested under it.
SEQUENTIAL := gradus/kernels/cuda/driver/gen gradus/kernels/cuda/ptx/gen \
  gradus/rewards/call gradus/rewards/mathans gradus/rewards/mathans/% \
  gradus/rewards/hygiene gradus/rewards/parquet gradus/rewards/prompt gradus/rewards/tasks gradus/rewards/text \
  gradus/runner/algo gradus/runner/compare gradus/runner/plan gradus/runner/recipe gradus/runner/state gradus/runner/stats \
  gradus/store/parquet gradus/store/query gradus/store/tfevents gradus/runner/train/alarm gradus/runner/train/shape gradus/tui/keys gradus/tui/list gradus/tui/plot gradus/tui/text

export CGO_ENABLED = 1

# CUDA is part of every Linux build. It needs no toolkit: the driver's functions
# are declared in kernels/cuda/include, defined by kernels/cuda/driver, and found
# in the driver's library when they are first called. gorgonia.org/cu must see
# these declarations; C_INCLUDE_PATH shows them without making the go command
# compile SQLite anew for each folder. An installed toolkit, where cu looks first,
# has to be overruled. Plain "go build" leaves CUDA out.
ifeq ($(shell $(GO) env GOOS 2>/dev/null),linux)
TAGS := $(TAGS),cuda
export C_INCLUDE_PATH := $(CURDIR)/kernels/cuda/include$(if $(C_INCLUDE_PATH),:$(C_INCLUDE_PATH))
ifneq ($(wildcard /usr/local/cuda*/include/cuda.h /opt/cuda/include/cuda.h),)
export CGO_CFLAGS  := -O2 -g "-I$(CURDIR)/kernels/cuda/include"
export CGO_LDFLAGS := -O2 -g "-L$(CURDIR)/kernels/cuda/driver/link"
endif
endif

.PHONY: all build demo test unit race test-arm64 lint fmt fmt-check vet staticcheck bench emulate emulate-sandbox rivals faults fuzz gpu-binaries gpu-dry results tools ptx ptxas need clean

all: build

## build: bin/gradus
build: need
	@mkdir -p bin
	$(GO) build -tags $(TAGS) -ldflags "$(LDFLAGS)" -o bin/gradus ./cmd/gradus

## demo: train a small reasoner on this machine and watch it
demo: build
	bin/gradus demo

## test: formatting, vet, staticcheck, then all tests
test: need lint race unit

## unit: all tests once, without the race detector
unit:
	$(GO) test -tags $(TAGS) ./...

## race: the tests of everything concurrent, under the race detector
race:
	$(GO) test -race -short -tags $(TAGS) $(filter-out $(SLOW_UNDER_RACE) $(SEQUENTIAL),$(shell $(GO) list -tags $(TAGS) ./...))

# The arm64 build on an amd64 machine. Debian: apt install gcc-aarch64-linux-gnu
# libc6-dev-arm64-cross qemu-user.
ARM64_CC  ?= aarch64-linux-gnu-gcc
ARM64_LIB ?= /usr/aarch64-linux-gnu
ARM64_GO  := GOOS=linux GOARCH=arm64 CC=$(ARM64_CC) $(GO)
QEMU_ARM64 = $(or $(shell command -v qemu-aarch64 || command -v qemu-aarch64-static),qemu-aarch64) -L $(ARM64_LIB)

## test-arm64: cross-compile for arm64; run the kernels' NEON and generic paths under qemu
test-arm64:
	@command -v $(ARM64_CC) >/dev/null 2>&1 || { echo "test-arm64 needs $(ARM64_CC). Debian, Ubuntu: apt install gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user."; exit 1; }
	@mkdir -p bin/arm64
	$(ARM64_GO) build -tags $(TAGS) -ldflags "$(LDFLAGS)" -o bin/arm64/gradus ./cmd/gradus
	$(ARM64_GO) test -c -o bin/arm64/cpu.test ./kernels/cpu
	$(QEMU_ARM64) bin/arm64/gradus version
	cd kernels/cpu && $(QEMU_ARM64) $(CURDIR)/bin/arm64/cpu.test -test.short -test.timeout 10m

## lint: formatting, go vet, staticcheck
lint: fmt-check vet staticcheck

fmt:
	gofmt -l -w $(shell git ls-files '*.go')

fmt-check:
	@out=$$(gofmt -l $$(git ls-files '*.go')); \
	if [ -n "$$out" ]; then echo "not formatted (run make fmt):"; echo "$$out"; exit 1; fi

vet:
	$(GO) vet -tags $(TAGS) ./...

staticcheck: $(TOOLS)/staticcheck
	$(TOOLS)/staticcheck -tags $(TAGS) ./...

$(TOOLS)/staticcheck:
	@mkdir -p $(TOOLS)
	GOBIN=$(TOOLS) $(GO) install $(STATICCHECK)

## emulate: the tests of kernels/cpu on an emulated CPU with AVX-512 (bench/emulate/run.sh says what it takes)
emulate:
	GO="$(GO)" bench/emulate/run.sh $(EMULATE)

## emulate-sandbox: the probes of the sandbox on emulated machines with other kernels, SANDBOX_KERNELS or those of /boot (bench/emulate/sandbox.sh)
emulate-sandbox:
	GO="$(GO)" bench/emulate/sandbox.sh $(SANDBOX_KERNELS)

## bench: figures of this machine beside its own ceilings
bench: build
	bin/gradus bench

## rivals: PyTorch and llama.cpp beside gradus; rewrites the table in docs/performance.md (half an hour, 7 GB)
rivals: build
	bench/rivals/run.sh

## faults: the kill and fault tests and the long random ones of the store in full length (minutes)
faults: need
	GRADUS_FAULTS=full $(GO) test -tags $(TAGS) -count=1 -timeout 60m -run 'Fault|Kill|Torn|Full|MergeIsAUnion|QueriesAgainstPlainGo|ThinnedCurves' ./store/... ./runner/...

# A target of another package takes its compiling with coverage first. One
# fuzzing process each: what they find does not depend on how many there are.
# Unless told otherwise go spends up to a minute on making each input that it
# keeps shorter, which is most of the time.
FUZZ     ?=
FUZZTIME ?= 1m

## fuzz: every fuzz target for FUZZTIME; FUZZ=rewards/ those below a folder
fuzz: need
	@git grep -nE '^func Fuzz' -- '$(FUZZ)*_test.go' | sed -E 's#^(.*)/[^/:]+:[0-9]+:func (Fuzz[A-Za-z0-9_]*).*#\1 \2#' | sort -u | while read -r dir target; do \
	  echo "$$dir $$target"; \
	  $(GO) test -tags $(TAGS) -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 5x -parallel 1 ./$$dir </dev/null || exit 1; \
	done

## gpu-binaries: bin/gpu, for bench/gpu/check.sh on a machine with a GPU
gpu-binaries: build
	@mkdir -p bin/gpu
	$(GO) build -tags $(TAGS) -ldflags "$(LDFLAGS) -s -w" -o bin/gpu/gradus ./cmd/gradus
	$(GO) test -c -tags $(TAGS) -ldflags "-s -w" -o bin/gpu/cuda.test ./kernels/cuda
	$(GO) test -c -tags $(TAGS) -ldflags "-s -w" -o bin/gpu/cux.test ./kernels/cuda/cux
	@du -chm bin/gpu/gradus bin/gpu/cuda.test bin/gpu/cux.test bench/gpu | tail -n 1 | sed 's/total/MB to carry, with bench\/gpu/'

## gpu-dry: bench/gpu/check.sh with a stand-in for the GPU; report in bin/gpu/dry (needs g++; minutes)
gpu-dry: gpu-binaries
	$(GO) run -tags $(TAGS) ./kernels/cuda/fake/standin bin/gpu/standin
	bench/gpu/check.sh --dry bin/gpu bin/gpu/dry

## results: the demo on five seeds; rewrites the table in docs/results.md (half an hour)
results: build
	bin/gradus bench demo --seeds 5 --write docs/results.md

## ptx: compiles the CUDA kernels again, after a change in kernels/cuda/src (needs clang-22)
ptx:
	$(GO) generate ./kernels/cuda/ptx

# NVIDIA's assembler and disassembler, from PyPI. Pinned: another one gives out
# registers in another way, and the table of docs/cuda-kernels.md would change.
PTXAS := 13.5.37

## ptxas: NVIDIA's assembler in bin/tools, for the tests of kernels/cuda/occupancy (needs pip; 50 MB; no GPU)
ptxas:
	@mkdir -p $(TOOLS)
	python3 -m pip install -q --no-deps --upgrade --target $(TOOLS) nvidia-cuda-nvcc==$(PTXAS) nvidia-cuda-nvdisasm==$(PTXAS)

## need: says what to install when Go or gcc is missing or too old
need:
	@command -v $(GO) >/dev/null 2>&1 || { echo "gradus needs Go $(GO_MIN) or newer, and there is no '$(GO)' here. Install it from https://go.dev/dl/ and run make again."; exit 1; }
	@v=$$($(GO) env GOVERSION | sed 's/^go//; s/[^0-9.].*//'); \
	if [ "$$(printf '%s\n%s\n' $(GO_MIN) $$v | sort -V | head -n 1)" != "$(GO_MIN)" ]; then \
	  echo "gradus needs Go $(GO_MIN) or newer; this is Go $$v. Install a newer one from https://go.dev/dl/ and run make again."; exit 1; fi
	@command -v $(CC) >/dev/null 2>&1 || { echo "gradus needs a C compiler, and there is no '$(CC)' here. Debian, Ubuntu: apt install gcc libc6-dev. Fedora: dnf install gcc. macOS: xcode-select --install."; exit 1; }

clean:
	rm -rf bin

#!/bin/sh
# Builds an emulator with AMX for run.sh, from the source of Bochs 3.0 or newer:
#
#   bench/emulate/bochs.sh SOURCE      the folder with Bochs' configure; it is changed
#
#   BOCHS=SOURCE/bochs BIOS=SOURCE/bios/BIOS-bochs-legacy DISPLAY_LIBRARY=nogui \
#     MODEL=sapphire_rapids bench/emulate/run.sh amx
#
# Bochs has the tiles but not the switch by which an operating system gives them
# out (extended feature disable, XFD: Intel SDM vol. 1, 13.14), without which
# Linux leaves them off. This adds it: the two registers, their bits in CPUID,
# and #NM for the first tile instruction of a thread. And it mends how tiles are
# kept while another thread runs, where Bochs of 2026 has them in use when they
# are all zero, keeps 8 of 16 rows, and exchanges rows with bytes a row; and
# VCVTNE2PS2BF16, whose second half it reads beyond the first operand.
set -eu
cd "${1:?the folder with the source of Bochs}/cpu"

# after FILE LINE TEXT adds TEXT behind the first line that holds LINE.
after() {
	grep -qF -- "$2" "$1" || { echo "bochs.sh: $1 has no line '$2'; is this Bochs 3.0 or newer?" >&2; exit 1; }
	LINE=$2 TEXT=$3 awk '{ print } !done && index($0, ENVIRON["LINE"]) { print ENVIRON["TEXT"]; done = 1 }' "$1" >"$1.new"
	mv "$1.new" "$1"
}

if ! grep -q ia32_xfd_err cpu.h; then
	after cpu.h 'Bit64u ia32_xss;' '  Bit64u ia32_xfd, ia32_xfd_err;'
	after init.cc 'msr.ia32_xss = 0;' '  BX_CPU_THIS_PTR msr.ia32_xfd = BX_CPU_THIS_PTR msr.ia32_xfd_err = 0;'
	after msr.cc 'MSR_Descriptor("MSR_IA32_XSS"' '  msr_desc[BX_MSR_IA32_XFD] = new MSR_Descriptor("MSR_IA32_XFD", BX_ISA_AMX, ~Bit64u(1 << 18));
  msr_desc[BX_MSR_IA32_XFD_ERROR] = new MSR_Descriptor("MSR_IA32_XFD_ERR", BX_ISA_AMX);'
	after msr.cc 'val64 = BX_CPU_THIS_PTR msr.ia32_xss;' '      break;
    case BX_MSR_IA32_XFD: val64 = BX_CPU_THIS_PTR msr.ia32_xfd; break;
    case BX_MSR_IA32_XFD_ERROR: val64 = BX_CPU_THIS_PTR msr.ia32_xfd_err;'
	after msr.cc 'BX_CPU_THIS_PTR msr.ia32_xss = val_64;' '      break;
    case BX_MSR_IA32_XFD_ERROR: BX_CPU_THIS_PTR msr.ia32_xfd_err = val_64; break;
    case BX_MSR_IA32_XFD:
      BX_CPU_THIS_PTR msr.ia32_xfd = val_64;
      handleAvxModeChange();'
	after proc_ctrl.cc 'set_amx_ok();' '  if (BX_CPU_THIS_PTR msr.ia32_xfd) clear_amx_ok();'
	after proc_ctrl.cc 'BX_CPU_C::BxNoAMX(bxInstruction_c *i)' '{
  bool tiles = long64_mode() && BX_CPU_THIS_PTR cr4.get_OSXSAVE() && (~BX_CPU_THIS_PTR xcr0.get32() & 0x60000) == 0;
  if (tiles && BX_CPU_THIS_PTR msr.ia32_xfd) {
    BX_CPU_THIS_PTR msr.ia32_xfd_err = BX_CPU_THIS_PTR msr.ia32_xfd;
    exception(BX_NM_EXCEPTION, 0);
  }'
	# The brace that opened the function comes twice now: take the second away.
	awk '/BX_CPU_C::BxNoAMX\(bxInstruction_c/ { inside = 1; braces = 0 }
		inside && $0 == "{" && ++braces == 2 { inside = 0; next } { print }' proc_ctrl.cc >proc_ctrl.new
	mv proc_ctrl.new proc_ctrl.cc
	after cpuid.cc 'leaf->eax |= (1<<3);' '    if (is_cpu_extension_supported(BX_ISA_AMX)) leaf->eax |= 1<<4;'
	after cpuid.cc 'leaf->ecx = xsave_restore[subfunction].attr;' '      if (subfunction == 18) leaf->ecx |= 1<<2;'
fi
sed -e '/tilecfg.vmm16u(8+n)/s/\.rows;/.bytes_per_row;/' -e '/tilecfg.vmmubyte(48+n)/s/\.bytes_per_row;/.rows;/' \
	-e 's/row < BX_TILE_REGISTERS/row < BX_TILE_MAX_ROWS/' -e 's/tile_use_tracker == 0);/tile_use_tracker != 0);/' xsave.cc >xsave.new
mv xsave.new xsave.cc
sed 's/bfloat16(op1\.vmm32u(n));/bfloat16(op1.vmm32u(n - DWORD_ELEMENTS(len)));/' avx/avx512_bf16.cc >avx/bf16.new
mv avx/bf16.new avx/avx512_bf16.cc
cd ..
./configure --enable-cpu-level=6 --enable-x86-64 --enable-pci --enable-avx --enable-evex --enable-amx --enable-cet --enable-vmx=2 \
	--enable-all-optimizations --disable-docbook --disable-plugins --with-nogui
make -j "$(nproc)"

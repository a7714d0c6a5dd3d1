// The kernels of abi.h by name.
#include "../../abi.h"
#include "entry.h"

namespace emu {

GK_KERNELS(EMU_DECLARE)
GK_KERNELS_90(EMU_DECLARE)
const entry entries[] = {GK_KERNELS(EMU_ENTRY) GK_KERNELS_90(EMU_ENTRY){0, 0, 0, 0}};

} // namespace emu

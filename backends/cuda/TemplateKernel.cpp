// SPDX-License-Identifier: Apache-2.0
#include "backends/cuda/TemplateKernel.h"
#include "backends/cuda/AttentionKernel.h"
#include "backends/cuda/ProductKernel.h"
#include "ir/OpsAttention.h"

namespace dlc::cuda {

static bool isAttention(KernelFuncOp kernel) { return llvm::isa_and_present<AttentionOp>(kernel.getAnchorOp()); }

TemplateRoute findTemplateRoute(KernelFuncOp kernel, int64_t capability, MathMode math) {
  return isAttention(kernel) ? findAttentionRoute(kernel, capability, math)
                             : findProductRoute(kernel, capability, math);
}

llvm::Expected<std::optional<std::string>> compileTemplateKernel(KernelFuncOp kernel, int64_t capability,
                                                                 MathMode math) {
  return isAttention(kernel) ? compileAttentionKernel(kernel, capability, math)
                             : compileProductKernel(kernel, capability, math);
}

} // namespace dlc::cuda

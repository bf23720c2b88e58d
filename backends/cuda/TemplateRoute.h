// SPDX-License-Identifier: Apache-2.0
/// \file
/// How a kernel is computed on a GPU.
#ifndef DLC_BACKENDS_CUDA_TEMPLATEROUTE_H
#define DLC_BACKENDS_CUDA_TEMPLATEROUTE_H

#include "ir/MathMode.h"
#include "ir/OpsProgram.h"
#include "llvm/Support/Error.h"
#include <optional>
#include <string>

namespace dlc::cuda {

struct TemplateRoute {
  /// The template for the kernel, described for a report; "": there is none.
  std::string name;
  /// Why a sum of products has no template, a clause; "" for other kernels.
  std::string obstacle;
};

} // namespace dlc::cuda

#endif // DLC_BACKENDS_CUDA_TEMPLATEROUTE_H

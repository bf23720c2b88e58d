// SPDX-License-Identifier: Apache-2.0
/// \file
/// Schedules of kernels that run on a GPU.
#ifndef DLC_BACKENDS_CUDA_DEVICESCHEDULE_H
#define DLC_BACKENDS_CUDA_DEVICESCHEDULE_H

#include "Halide.h"
#include <vector>

namespace dlc::cuda {

/// Arranges the pipeline that ends in `output` as launches: one for each definition of each function that is stored, in
/// which every thread computes one element of what does not depend on others. Stored are the output, `stages`, and
/// whatever is defined in several steps, such as a sum. None of these may be scheduled yet.
void scheduleOnDevice(Halide::Func output, const std::vector<Halide::Func> &stages);

} // namespace dlc::cuda

#endif // DLC_BACKENDS_CUDA_DEVICESCHEDULE_H

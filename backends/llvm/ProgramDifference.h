// SPDX-License-Identifier: Apache-2.0
/// \file
/// Programs of one library look the same from outside.
#ifndef DLC_BACKENDS_LLVM_PROGRAMDIFFERENCE_H
#define DLC_BACKENDS_LLVM_PROGRAMDIFFERENCE_H

#include "backends/llvm/ProgramDescription.h"

namespace dlc {

/// What programs see of `first` and not of `second`, or the other way round, such as "output 'y' of 'run'"; empty if
/// they have the same entry points, tensors, states and variables. How many blocks a run reserves does not count.
std::string findDifference(const ProgramDescription &first, const ProgramDescription &second);

} // namespace dlc

#endif // DLC_BACKENDS_LLVM_PROGRAMDIFFERENCE_H

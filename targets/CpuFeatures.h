// SPDX-License-Identifier: Apache-2.0
/// \file
/// Masks of `dlc_cpu_feature` bits, as the compiler reads them. The rows are in CpuFeatures.def.
#ifndef DLC_TARGETS_CPUFEATURES_H
#define DLC_TARGETS_CPUFEATURES_H

#include "dlc/abi.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

namespace dlc {

struct CpuFeature {
  uint64_t bit;
  llvm::StringRef name;     ///< `x86-64-v3 (AVX2, FMA)`
  uint64_t required;        ///< features without which this one does not count
  llvm::StringRef llvmName; ///< LLVM's features, separated by commas
};

/// All of them, each after those that it requires.
llvm::ArrayRef<CpuFeature> getCpuFeatures();

/// `features` and all features that they require.
uint64_t closeOverRequired(uint64_t features);

/// The features in the table that this machine has, according to LLVM.
uint64_t getHostCpuFeatures();

} // namespace dlc

#endif // DLC_TARGETS_CPUFEATURES_H

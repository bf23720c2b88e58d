// SPDX-License-Identifier: Apache-2.0
#include "targets/CpuFeatures.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/TargetParser/Host.h"

namespace dlc {

llvm::ArrayRef<CpuFeature> getCpuFeatures() {
  static const CpuFeature features[] = {
#define DLC_X86_FEATURE(ENUMERATOR, NAME, REQUIRES, LLVM, ...) {DLC_CPU_##ENUMERATOR, NAME, REQUIRES, LLVM},
#include "targets/CpuFeatures.def"
#undef DLC_X86_FEATURE
  };
  return features;
}

uint64_t closeOverRequired(uint64_t features) {
  for (const CpuFeature &feature : llvm::reverse(getCpuFeatures()))
    if (features & feature.bit)
      features |= feature.required;
  return features;
}

uint64_t getHostCpuFeatures() {
  llvm::StringMap<bool> host = llvm::sys::getHostCPUFeatures();
  uint64_t features = 0;
  for (const CpuFeature &feature : getCpuFeatures()) {
    llvm::SmallVector<llvm::StringRef> names;
    feature.llvmName.split(names, ',');
    if ((feature.required & ~features) == 0 &&
        llvm::all_of(names, [&](llvm::StringRef name) { return host.lookup(name); }))
      features |= feature.bit;
  }
  return features;
}

} // namespace dlc

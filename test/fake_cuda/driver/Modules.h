// SPDX-License-Identifier: Apache-2.0
// Loaded modules, their functions, and launches.
#pragma once
#include "test/fake_cuda/driver/State.h"
#include <map>

struct CUfunc_st {
  CUmod_st *owner = nullptr;
  std::shared_ptr<fake_cuda::Module> module; // kept by launches in flight, too
  const fake_cuda::Kernel *kernel = nullptr;
  int maxDynamicShared = 48 << 10;
};

struct CUmod_st {
  std::shared_ptr<fake_cuda::Module> module;
  std::map<std::string, std::unique_ptr<CUfunc_st>> functions;
};

namespace fake_cuda {

struct KernelLaunch {
  std::shared_ptr<Module> module;
  const Kernel *kernel = nullptr;
  LaunchShape shape;
  std::vector<uint8_t> parameters;
};

/// Runs a kernel now. A fault is reported and becomes the context's sticky error.
CUresult execute(const KernelLaunch &launch);

} // namespace fake_cuda

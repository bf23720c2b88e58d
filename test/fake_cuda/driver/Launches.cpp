// SPDX-License-Identifier: Apache-2.0
// Launches: what the driver refuses at the call, and the run itself.
#include "test/fake_cuda/driver/Streams.h"
#include "test/fake_cuda/ptx/Error.h"
#include <cstring>

using namespace fake_cuda;

namespace fake_cuda {

CUresult execute(const KernelLaunch &launch) {
  const Kernel &kernel = *launch.kernel;
  ++driver().launches;
  try {
    Counters counters =
        runKernel(kernel, launch.shape, launch.parameters, driver().memory, Environment::launchOptions());
    driver().totals.add(counters);
    if (Environment::logs()) {
      const uint32_t *grid = launch.shape.grid, *block = launch.shape.block;
      char line[512];
      snprintf(line, sizeof line,
               "%s grid %u,%u,%u block %u,%u,%u: %llu warp instructions, %llu sectors (least %llu), %llu shared passes "
               "(least %llu), %llu bytes of bulk copies",
               kernel.name.c_str(), grid[0], grid[1], grid[2], block[0], block[1], block[2],
               static_cast<unsigned long long>(counters.instructions),
               static_cast<unsigned long long>(counters.sectors),
               static_cast<unsigned long long>(counters.leastSectors),
               static_cast<unsigned long long>(counters.sharedPasses),
               static_cast<unsigned long long>(counters.leastSharedPasses),
               static_cast<unsigned long long>(counters.tensorBytes));
      log(line);
    }
    return Success;
  } catch (const Error &error) {
    report(error.what());
    for (const auto &context : driver().contexts)
      if (context->retained)
        context->stickyError = LaunchFailed;
    return LaunchFailed;
  }
}

} // namespace fake_cuda

namespace {

CUresult launch(CUfunction function, const uint32_t (&grid)[3], const uint32_t (&block)[3], uint32_t shared,
                CUstream stream, void **parameters, void **extra, bool isCooperative) {
  if (!function)
    return InvalidHandle;
  const Kernel &kernel = *function->kernel;
  uint64_t threads = static_cast<uint64_t>(block[0]) * block[1] * block[2];
  for (int i = 0; i < 3; ++i)
    if (grid[i] == 0 || block[i] == 0)
      return InvalidValue;
  if (threads > 1024 || block[2] > 64 || grid[0] > INT32_MAX || grid[1] > 65535 || grid[2] > 65535)
    return InvalidValue;
  if ((kernel.maxThreads && threads > kernel.maxThreads) ||
      (kernel.requiredThreads && threads != kernel.requiredThreads)) {
    report("kernel " + kernel.name + " is launched with " + std::to_string(threads) + " threads, its PTX allows " +
           std::to_string(kernel.requiredThreads ? kernel.requiredThreads : kernel.maxThreads));
    return InvalidValue;
  }
  if (static_cast<int>(shared) > function->maxDynamicShared ||
      (function->maxDynamicShared <= 48 << 10 && shared + kernel.staticSharedBytes > 48 << 10)) {
    report("kernel " + kernel.name + " is launched with " + std::to_string(shared) +
           " bytes of dynamic shared memory, allowed are " + std::to_string(function->maxDynamicShared) +
           " (cuFuncSetAttribute raises it)");
    return InvalidValue;
  }
  if (isCooperative && static_cast<uint64_t>(grid[0]) * grid[1] * grid[2] >
                           Environment::multiprocessors() * std::max<uint64_t>(1, 2048 / threads))
    return 720; // CUDA_ERROR_COOPERATIVE_LAUNCH_TOO_LARGE
  if (extra || (!parameters && !kernel.parameters.empty())) {
    report("kernel " + kernel.name + " is launched without an array of parameters");
    return InvalidValue;
  }
  auto result = std::make_shared<KernelLaunch>();
  result->module = function->module;
  result->kernel = &kernel;
  memcpy(result->shape.grid, grid, sizeof grid);
  memcpy(result->shape.block, block, sizeof block);
  result->shape.dynamicSharedBytes = shared;
  result->shape.isCooperative = isCooperative;
  // The values of parameters are those at the call.
  result->parameters.resize(kernel.parameterBytes);
  for (size_t i = 0; i < kernel.parameters.size(); ++i)
    memcpy(&result->parameters[kernel.parameters[i].offset], parameters[i], kernel.parameters[i].bytes);
  Work work;
  work.kind = Work::Kernel;
  work.launch = result;
  work.run = [result] { return execute(*result); };
  return enqueue(stream, std::move(work));
}

/// CUlaunchConfig.
struct LaunchConfiguration {
  unsigned gridX, gridY, gridZ, blockX, blockY, blockZ, sharedBytes;
  CUstream stream;
  const struct LaunchAttribute *attributes;
  unsigned attributeCount;
};
struct LaunchAttribute {
  int id;
  int padding;
  alignas(8) char value[64];
};
} // namespace

extern "C" {

CUresult cuLaunchKernel(CUfunction function, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by,
                        unsigned bz, unsigned shared, CUstream stream, void **parameters, void **extra) {
  Call call("cuLaunchKernel");
  return call.error ? call.error
                    : launch(function, {gx, gy, gz}, {bx, by, bz}, shared, stream, parameters, extra, false);
}

CUresult cuLaunchCooperativeKernel(CUfunction function, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by,
                                   unsigned bz, unsigned shared, CUstream stream, void **parameters) {
  Call call("cuLaunchCooperativeKernel");
  return call.error ? call.error
                    : launch(function, {gx, gy, gz}, {bx, by, bz}, shared, stream, parameters, nullptr, true);
}

CUresult cuLaunchKernelEx(const void *configuration, CUfunction function, void **parameters, void **extra) {
  Call call("cuLaunchKernelEx");
  if (call.error)
    return call.error;
  const auto &config = *static_cast<const LaunchConfiguration *>(configuration);
  bool isCooperative = false;
  for (unsigned i = 0; i < config.attributeCount; ++i) {
    const LaunchAttribute &attribute = config.attributes[i];
    int value[3];
    memcpy(value, attribute.value, sizeof value);
    if (attribute.id == 2) // COOPERATIVE
      isCooperative = value[0] != 0;
    if (attribute.id == 4 && (value[0] != 1 || value[1] != 1 || value[2] != 1)) { // CLUSTER_DIMENSION
      report("clusters of several blocks are not supported");
      return NotSupported;
    }
  }
  return launch(function, {config.gridX, config.gridY, config.gridZ}, {config.blockX, config.blockY, config.blockZ},
                config.sharedBytes, config.stream, parameters, extra, isCooperative);
}

CUresult cuOccupancyMaxActiveBlocksPerMultiprocessor(int *blocks, CUfunction, int blockSize, size_t) {
  Call call("cuOccupancyMaxActiveBlocksPerMultiprocessor");
  if (call.error)
    return call.error;
  if (blockSize <= 0 || blockSize > 1024)
    return InvalidValue;
  *blocks = 2048 / blockSize;
  return Success;
}

} // extern "C"

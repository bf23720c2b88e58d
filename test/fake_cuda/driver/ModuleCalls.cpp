// SPDX-License-Identifier: Apache-2.0
// Modules from PTX text, their functions and variables.
#include "test/fake_cuda/driver/Modules.h"
#include "test/fake_cuda/driver/Streams.h"
#include "test/fake_cuda/ptx/Error.h"
#include <cstring>

using namespace fake_cuda;

namespace {
struct ModuleGlobals : GlobalAllocator {
  uint64_t allocate(const std::string &, uint64_t bytes, unsigned alignment) override {
    uint64_t address = driver().memory.allocate(std::max<uint64_t>(bytes, 1), std::max(alignment, 256u));
    if (!address)
      throw Error("no memory for the module's variables");
    addresses.push_back(address);
    return address;
  }
  std::vector<uint64_t> addresses;
};

/// The options of cuModuleLoadDataEx that hold a buffer for messages.
enum { ErrorLogBuffer = 5, ErrorLogBytes = 6, InfoLogBuffer = 3, InfoLogBytes = 4 };

void writeErrorLog(const std::string &message, unsigned count, const int *options, void **values) {
  char *buffer = nullptr;
  size_t bytes = 0;
  void **bytesOption = nullptr;
  for (unsigned i = 0; i < count; ++i) {
    if (options[i] == ErrorLogBuffer)
      buffer = static_cast<char *>(values[i]);
    if (options[i] == ErrorLogBytes) {
      bytes = static_cast<unsigned>(reinterpret_cast<uint64_t>(values[i]));
      bytesOption = &values[i];
    }
    if (options[i] == InfoLogBytes)
      values[i] = nullptr; // nothing written
  }
  if (!buffer || bytes == 0)
    return;
  size_t length = std::min(bytes - 1, message.size());
  memcpy(buffer, message.data(), length);
  buffer[length] = 0;
  *bytesOption = reinterpret_cast<void *>(length);
}

CUresult load(CUmodule *result, const char *image, unsigned count, const int *options, void **values) {
  if (!image)
    return InvalidValue;
  if (static_cast<unsigned char>(image[0]) == 0x7f || static_cast<unsigned char>(image[0]) == 0x50) {
    report("cubins and fat binaries cannot be interpreted; load PTX");
    return NoBinaryForGpu;
  }
  ModuleGlobals globals;
  auto fail = [&](const std::string &message, CUresult error) {
    for (uint64_t address : globals.addresses)
      driver().memory.release(address);
    report(message);
    writeErrorLog(message, count, options, values);
    return error;
  };
  try {
    auto module = std::make_unique<CUmod_st>();
    module->module = loadModule(image, globals);
    unsigned target = module->module->target, capability = Environment::capability();
    if (module->module->isArchitectureExact ? target != capability : target > capability)
      return fail("PTX for sm_" + std::to_string(target) + (module->module->isArchitectureExact ? "a" : "") +
                      " does not run on sm_" + std::to_string(capability),
                  NoBinaryForGpu);
    for (const auto &[name, global] : module->module->globals)
      if (!global.data.empty())
        memcpy(driver().memory.at(global.address, global.data.size()), global.data.data(), global.data.size());
    driver().modules.insert(module.get());
    *result = module.release();
    return Success;
  } catch (const Error &error) {
    return fail(error.what(), InvalidPtx);
  }
}
} // namespace

extern "C" {

CUresult cuModuleLoadDataEx(CUmodule *module, const void *image, unsigned count, int *options, void **values) {
  Call call("cuModuleLoadDataEx");
  return call.error ? call.error : load(module, static_cast<const char *>(image), count, options, values);
}

CUresult cuModuleLoadData(CUmodule *module, const void *image) {
  Call call("cuModuleLoadData");
  return call.error ? call.error : load(module, static_cast<const char *>(image), 0, nullptr, nullptr);
}

CUresult cuModuleUnload(CUmodule module) {
  Call call("cuModuleUnload");
  if (call.error)
    return call.error;
  if (!module)
    return InvalidHandle;
  if (CUresult error = synchronizeAll())
    return error;
  for (const auto &[name, global] : module->module->globals)
    driver().memory.release(global.address);
  driver().modules.erase(module);
  delete module;
  return Success;
}

CUresult cuModuleGetFunction(CUfunction *function, CUmodule module, const char *name) {
  Call call("cuModuleGetFunction");
  if (call.error)
    return call.error;
  if (!module || !name)
    return InvalidValue;
  auto kernel = module->module->kernels.find(name);
  if (kernel == module->module->kernels.end())
    return NotFound;
  auto &result = module->functions[name];
  if (!result) {
    result = std::make_unique<CUfunc_st>();
    result->owner = module;
    result->module = module->module;
    result->kernel = &kernel->second;
  }
  *function = result.get();
  return Success;
}

CUresult cuModuleGetGlobal_v2(CUdeviceptr *address, size_t *bytes, CUmodule module, const char *name) {
  Call call("cuModuleGetGlobal_v2");
  if (call.error)
    return call.error;
  auto global = module->module->globals.find(name);
  if (global == module->module->globals.end())
    return NotFound;
  if (address)
    *address = global->second.address;
  if (bytes)
    *bytes = global->second.data.size();
  return Success;
}

CUresult cuFuncSetAttribute(CUfunction function, int attribute, int value) {
  Call call("cuFuncSetAttribute");
  if (call.error)
    return call.error;
  if (attribute != 8)                                                  // MAX_DYNAMIC_SHARED_SIZE_BYTES
    return attribute == 9 || attribute == 10 ? Success : InvalidValue; // the carve-out; non-portable cluster sizes
  int most = 0;
  extern CUresult cuDeviceGetAttribute(int *, int, CUdevice);
  if (CUresult error = cuDeviceGetAttribute(&most, MaxSharedPerBlockOptIn, currentContext()->device))
    return error;
  if (value < 0 || value + static_cast<int>(function->kernel->staticSharedBytes) > most)
    return InvalidValue;
  function->maxDynamicShared = value;
  return Success;
}

CUresult cuFuncGetAttribute(int *value, int attribute, CUfunction function) {
  Call call("cuFuncGetAttribute");
  if (call.error)
    return call.error;
  switch (attribute) {
  case 0: // MAX_THREADS_PER_BLOCK
    *value = function->kernel->maxThreads ? static_cast<int>(function->kernel->maxThreads) : 1024;
    return Success;
  case 1: // SHARED_SIZE_BYTES
    *value = static_cast<int>(function->kernel->staticSharedBytes);
    return Success;
  case 3: // LOCAL_SIZE_BYTES
    *value = static_cast<int>(function->kernel->localBytes);
    return Success;
  case 4: // NUM_REGS: ptxas decides, which has not seen the text
    *value = 32;
    return Success;
  case 8:
    *value = function->maxDynamicShared;
    return Success;
  default:
    return InvalidValue;
  }
}

} // extern "C"

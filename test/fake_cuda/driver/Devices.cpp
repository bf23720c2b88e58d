// SPDX-License-Identifier: Apache-2.0
// cuInit, devices and their attributes, contexts.
#include "test/fake_cuda/driver/Streams.h"
#include <cstring>

using namespace fake_cuda;

namespace {

/// Shared memory that a block may ask for beyond 48 KiB, by compute capability.
int sharedOptIn(unsigned capability) {
  switch (capability) {
  case 75:
    return 64 << 10;
  case 80:
  case 87:
    return 163 << 10;
  case 86:
  case 89:
  case 120:
    return 99 << 10;
  default:
    return 227 << 10;
  }
}

bool isDevice(CUdevice device) { return device >= 0 && static_cast<unsigned>(device) < Environment::devices(); }
} // namespace

extern "C" {

CUresult cuInit(unsigned flags) {
  Call call("cuInit", Needs::Nothing);
  if (call.error)
    return call.error;
  if (flags)
    return InvalidValue;
#if defined(__x86_64__)
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma") || !__builtin_cpu_supports("f16c")) {
    report("the interpreter is compiled for x86-64-v3 (AVX2, FMA, F16C), which this processor lacks");
    return NotSupported;
  }
#endif
  if (Environment::devices() == 0)
    return NoDevice;
  driver().isInitialized = true;
  while (driver().contexts.size() < Environment::devices()) {
    auto context = std::make_unique<CUctx_st>();
    context->device = static_cast<CUdevice>(driver().contexts.size());
    driver().contexts.push_back(std::move(context));
  }
  return Success;
}

CUresult cuDriverGetVersion(int *version) {
  Call call("cuDriverGetVersion", Needs::Nothing);
  if (!call.error)
    *version = static_cast<int>(Environment::number("FAKE_CUDA_DRIVER_VERSION", 13000));
  return call.error;
}

CUresult cuDeviceGetCount(int *count) {
  Call call("cuDeviceGetCount", Needs::Initialization);
  if (!call.error)
    *count = static_cast<int>(Environment::devices());
  return call.error;
}

CUresult cuDeviceGet(CUdevice *device, int ordinal) {
  Call call("cuDeviceGet", Needs::Initialization);
  if (call.error)
    return call.error;
  if (!isDevice(ordinal))
    return InvalidDevice;
  *device = ordinal;
  return Success;
}

CUresult cuDeviceGetName(char *name, int length, CUdevice device) {
  Call call("cuDeviceGetName", Needs::Initialization);
  if (call.error)
    return call.error;
  if (!isDevice(device) || length < 1)
    return isDevice(device) ? InvalidValue : InvalidDevice;
  snprintf(name, static_cast<size_t>(length), "Fake GPU (PTX interpreter, sm_%u)", Environment::capability());
  return Success;
}

CUresult cuDeviceTotalMem_v2(size_t *bytes, CUdevice device) {
  Call call("cuDeviceTotalMem_v2", Needs::Initialization);
  if (call.error)
    return call.error;
  if (!isDevice(device))
    return InvalidDevice;
  *bytes = Environment::memory();
  return Success;
}

CUresult cuDeviceGetUuid_v2(char *uuid, CUdevice device) {
  Call call("cuDeviceGetUuid_v2", Needs::Initialization);
  if (call.error)
    return call.error;
  if (!isDevice(device))
    return InvalidDevice;
  memset(uuid, 0, 16);
  uuid[15] = static_cast<char>(device + 1);
  return Success;
}

CUresult cuDeviceGetAttribute(int *value, int attribute, CUdevice device) {
  Call call("cuDeviceGetAttribute", Needs::Initialization);
  if (call.error)
    return call.error;
  if (!isDevice(device))
    return InvalidDevice;
  unsigned capability = Environment::capability();
  switch (attribute) {
  case MaxThreadsPerBlock:
  case MaxBlockX:
  case MaxBlockY:
    *value = 1024;
    break;
  case MaxBlockZ:
    *value = 64;
    break;
  case MaxGridX:
    *value = INT32_MAX;
    break;
  case MaxGridY:
  case MaxGridZ:
    *value = 65535;
    break;
  case MaxSharedPerBlock:
    *value = 48 << 10;
    break;
  case WarpSize:
    *value = 32;
    break;
  case MaxRegistersPerBlock:
    *value = 65536;
    break;
  case ClockRate:
  case MemoryClockRate:
    *value = 1000000;
    break;
  case MemoryBusWidth:
    *value = 4096;
    break;
  case L2CacheSize:
    *value = 40 << 20;
    break;
  case MultiprocessorCount:
    *value = static_cast<int>(Environment::multiprocessors());
    break;
  case MaxThreadsPerMultiprocessor:
    *value = capability == 75 ? 1024 : capability >= 86 && capability < 90 ? 1536 : 2048;
    break;
  case CapabilityMajor:
    *value = static_cast<int>(capability / 10);
    break;
  case CapabilityMinor:
    *value = static_cast<int>(capability % 10);
    break;
  case MaxSharedPerMultiprocessor:
    *value = sharedOptIn(capability) + 1024;
    break;
  case MaxSharedPerBlockOptIn:
    *value = sharedOptIn(capability);
    break;
  case UnifiedAddressing:
  case CooperativeLaunch:
  case MemoryPoolsSupported:
    *value = 1;
    break;
  default:
    *value = 0;
  }
  return Success;
}

CUresult cuDevicePrimaryCtxRetain(CUcontext *context, CUdevice device) {
  Call call("cuDevicePrimaryCtxRetain", Needs::Initialization);
  if (call.error)
    return call.error;
  if (!isDevice(device))
    return InvalidDevice;
  *context = driver().contexts[static_cast<size_t>(device)].get();
  ++(*context)->retained;
  return Success;
}

CUresult cuDevicePrimaryCtxRelease_v2(CUdevice device) {
  Call call("cuDevicePrimaryCtxRelease_v2", Needs::Initialization);
  if (call.error)
    return call.error;
  if (!isDevice(device))
    return InvalidDevice;
  CUctx_st &context = *driver().contexts[static_cast<size_t>(device)];
  if (context.retained == 0)
    return InvalidContext;
  --context.retained;
  return Success;
}

CUresult cuDevicePrimaryCtxGetState(CUdevice device, unsigned *flags, int *isActive) {
  Call call("cuDevicePrimaryCtxGetState", Needs::Initialization);
  if (call.error)
    return call.error;
  if (!isDevice(device))
    return InvalidDevice;
  *flags = 0;
  *isActive = driver().contexts[static_cast<size_t>(device)]->retained > 0;
  return Success;
}

CUresult cuCtxPushCurrent_v2(CUcontext context) {
  Call call("cuCtxPushCurrent_v2", Needs::Initialization);
  if (call.error)
    return call.error;
  if (!context)
    return InvalidContext;
  contextStack().push_back(context);
  return Success;
}

CUresult cuCtxPopCurrent_v2(CUcontext *context) {
  Call call("cuCtxPopCurrent_v2", Needs::Initialization);
  if (call.error)
    return call.error;
  if (contextStack().empty())
    return InvalidContext;
  if (context)
    *context = contextStack().back();
  contextStack().pop_back();
  return Success;
}

CUresult cuCtxSetCurrent(CUcontext context) {
  Call call("cuCtxSetCurrent", Needs::Initialization);
  if (call.error)
    return call.error;
  if (!contextStack().empty())
    contextStack().pop_back();
  if (context)
    contextStack().push_back(context);
  return Success;
}

CUresult cuCtxGetCurrent(CUcontext *context) {
  Call call("cuCtxGetCurrent", Needs::Initialization);
  if (!call.error)
    *context = currentContext();
  return call.error;
}

CUresult cuCtxGetDevice(CUdevice *device) {
  Call call("cuCtxGetDevice");
  if (!call.error)
    *device = currentContext()->device;
  return call.error;
}

CUresult cuCtxSynchronize(void) {
  Call call("cuCtxSynchronize");
  return call.error ? call.error : synchronizeAll();
}

} // extern "C"

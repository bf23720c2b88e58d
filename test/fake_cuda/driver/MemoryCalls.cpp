// SPDX-License-Identifier: Apache-2.0
// Device memory, pinned memory, copies and fills.
#include "test/fake_cuda/driver/Streams.h"
#include <cstring>

using namespace fake_cuda;

namespace {

CUresult allocate(CUdeviceptr *address, size_t bytes) {
  if (bytes == 0)
    return InvalidValue;
  if (driver().memory.bytesInUse() + bytes > Environment::memory())
    return OutOfMemory;
  *address = driver().memory.allocate(bytes);
  return *address ? Success : OutOfMemory;
}

/// The host's view of device memory, or null.
uint8_t *deviceBytes(CUdeviceptr address, size_t bytes) {
  const Allocation *found = driver().memory.find(address, bytes);
  return found ? found->host + (address - found->address) : nullptr;
}

bool isPinned(const void *host, size_t bytes) {
  const Allocation *found = driver().memory.find(reinterpret_cast<uint64_t>(host), bytes);
  return found && found->isPinned;
}

/// Copies when the stream gets there. Whether both ends are still allocated is checked then, too.
CUresult enqueueCopy(CUstream stream, std::function<const uint8_t *()> from, std::function<uint8_t *()> to,
                     size_t bytes) {
  Work work;
  work.kind = Work::Copy;
  work.run = [from = std::move(from), to = std::move(to), bytes]() -> CUresult {
    const uint8_t *source = from();
    uint8_t *destination = to();
    if (!source || !destination) {
      report("a copy uses device memory that has been freed");
      return InvalidValue;
    }
    memmove(destination, source, bytes);
    return Success;
  };
  return enqueue(stream, std::move(work));
}

std::function<uint8_t *()> device(CUdeviceptr address, size_t bytes) {
  return [=] { return deviceBytes(address, bytes); };
}

CUresult copyToDevice(CUdeviceptr to, const void *from, size_t bytes, CUstream stream) {
  if (bytes == 0)
    return Success;
  log("copy to the device: " + std::to_string(bytes) + " bytes");
  if (!deviceBytes(to, bytes) || !from)
    return InvalidValue;
  // The driver has read pageable memory when the call returns; pinned memory is read when the copy runs.
  if (!isPinned(from, bytes) && !(streamOf(stream) && streamOf(stream)->capture)) {
    auto *begin = static_cast<const uint8_t *>(from);
    auto staged = std::make_shared<std::vector<uint8_t>>(begin, begin + bytes);
    return enqueueCopy(stream, [staged] { return staged->data(); }, device(to, bytes), bytes);
  }
  return enqueueCopy(stream, [from] { return static_cast<const uint8_t *>(from); }, device(to, bytes), bytes);
}

CUresult copyToHost(void *to, CUdeviceptr from, size_t bytes, CUstream stream) {
  if (bytes == 0)
    return Success;
  log("copy to the host: " + std::to_string(bytes) + " bytes");
  if (!deviceBytes(from, bytes) || !to)
    return InvalidValue;
  return enqueueCopy(stream, device(from, bytes), [to] { return static_cast<uint8_t *>(to); }, bytes);
}

CUresult copyOnDevice(CUdeviceptr to, CUdeviceptr from, size_t bytes, CUstream stream) {
  if (bytes == 0)
    return Success;
  if (!deviceBytes(from, bytes) || !deviceBytes(to, bytes))
    return InvalidValue;
  return enqueueCopy(stream, device(from, bytes), device(to, bytes), bytes);
}

/// A synchronous copy: on the default stream, and waited for.
CUresult finish(CUresult enqueued) {
  if (enqueued)
    return enqueued;
  return anyCaptures() ? StreamCaptureUnsupported : drain(*streamOf(nullptr), UINT64_MAX);
}

template <typename T> CUresult fill(CUdeviceptr to, T value, size_t count, CUstream stream) {
  size_t bytes = count * sizeof(T);
  if (bytes == 0)
    return Success;
  if (!deviceBytes(to, bytes) || to % sizeof(T))
    return InvalidValue;
  Work work;
  work.kind = Work::Fill;
  work.run = [=]() -> CUresult {
    uint8_t *destination = deviceBytes(to, bytes);
    if (!destination)
      return InvalidValue;
    for (size_t i = 0; i < count; ++i)
      memcpy(destination + i * sizeof(T), &value, sizeof(T));
    return Success;
  };
  return enqueue(stream, std::move(work));
}
} // namespace

extern "C" {

CUresult cuMemAlloc_v2(CUdeviceptr *address, size_t bytes) {
  Call call("cuMemAlloc_v2");
  if (call.error)
    return call.error;
  *address = 0;
  return allocate(address, bytes);
}

CUresult cuMemFree_v2(CUdeviceptr address) {
  Call call("cuMemFree_v2");
  if (call.error)
    return call.error;
  if (address == 0)
    return Success;
  // Freeing waits for all work, so that none of it loses its memory.
  if (!anyCaptures())
    if (CUresult error = synchronizeAll())
      return error;
  return driver().memory.release(address) ? Success : InvalidValue;
}

CUresult cuMemAllocAsync(CUdeviceptr *address, size_t bytes, CUstream stream) {
  Call call("cuMemAllocAsync");
  if (call.error)
    return call.error;
  *address = 0;
  return streamOf(stream) ? allocate(address, bytes) : InvalidHandle;
}

CUresult cuMemFreeAsync(CUdeviceptr address, CUstream stream) {
  Call call("cuMemFreeAsync");
  if (call.error)
    return call.error;
  Work work;
  work.run = [=]() -> CUresult { return driver().memory.release(address) ? Success : InvalidValue; };
  return enqueue(stream, std::move(work));
}

CUresult cuMemGetInfo_v2(size_t *free, size_t *total) {
  Call call("cuMemGetInfo_v2");
  if (call.error)
    return call.error;
  *total = Environment::memory();
  *free = *total - std::min<size_t>(*total, driver().memory.bytesInUse());
  return Success;
}

CUresult cuMemHostAlloc(void **memory, size_t bytes, unsigned) {
  Call call("cuMemHostAlloc");
  if (call.error)
    return call.error;
  *memory = driver().memory.allocatePinned(bytes);
  return *memory ? Success : OutOfMemory;
}

CUresult cuMemAllocHost_v2(void **memory, size_t bytes) {
  Call call("cuMemAllocHost_v2");
  if (call.error)
    return call.error;
  *memory = driver().memory.allocatePinned(bytes);
  return *memory ? Success : OutOfMemory;
}

CUresult cuMemFreeHost(void *memory) {
  Call call("cuMemFreeHost");
  if (call.error)
    return call.error;
  if (!anyCaptures())
    if (CUresult error = synchronizeAll())
      return error;
  return driver().memory.releasePinned(memory, true) ? Success : InvalidValue;
}

CUresult cuMemHostGetDevicePointer_v2(CUdeviceptr *address, void *memory, unsigned) {
  Call call("cuMemHostGetDevicePointer_v2");
  if (call.error)
    return call.error;
  *address = reinterpret_cast<CUdeviceptr>(memory);
  return isPinned(memory, 1) ? Success : InvalidValue;
}

CUresult cuMemHostRegister_v2(void *memory, size_t bytes, unsigned) {
  Call call("cuMemHostRegister_v2");
  if (call.error)
    return call.error;
  if (!memory || bytes == 0)
    return InvalidValue;
  driver().memory.addPinned(memory, bytes);
  return Success;
}

CUresult cuMemHostUnregister(void *memory) {
  Call call("cuMemHostUnregister");
  if (call.error)
    return call.error;
  return driver().memory.releasePinned(memory, false) ? Success : InvalidValue;
}

CUresult cuPointerGetAttribute(void *value, int attribute, CUdeviceptr address) {
  Call call("cuPointerGetAttribute", Needs::Initialization);
  if (call.error)
    return call.error;
  const Allocation *found = driver().memory.find(address, 1);
  if (!found)
    return InvalidValue;
  switch (attribute) {
  case 1: // CONTEXT
    *static_cast<CUcontext *>(value) = driver().contexts.front().get();
    return Success;
  case 2: // MEMORY_TYPE: 1 host, 2 device
    *static_cast<unsigned *>(value) = found->isPinned ? 1 : 2;
    return Success;
  case 3: // DEVICE_POINTER
    *static_cast<CUdeviceptr *>(value) = address;
    return Success;
  case 9: // DEVICE_ORDINAL
    *static_cast<int *>(value) = 0;
    return Success;
  default:
    return InvalidValue;
  }
}

CUresult cuMemcpyHtoDAsync_v2(CUdeviceptr to, const void *from, size_t bytes, CUstream stream) {
  Call call("cuMemcpyHtoDAsync_v2");
  return call.error ? call.error : copyToDevice(to, from, bytes, stream);
}
CUresult cuMemcpyDtoHAsync_v2(void *to, CUdeviceptr from, size_t bytes, CUstream stream) {
  Call call("cuMemcpyDtoHAsync_v2");
  return call.error ? call.error : copyToHost(to, from, bytes, stream);
}
CUresult cuMemcpyDtoDAsync_v2(CUdeviceptr to, CUdeviceptr from, size_t bytes, CUstream stream) {
  Call call("cuMemcpyDtoDAsync_v2");
  return call.error ? call.error : copyOnDevice(to, from, bytes, stream);
}
CUresult cuMemcpyHtoD_v2(CUdeviceptr to, const void *from, size_t bytes) {
  Call call("cuMemcpyHtoD_v2");
  return call.error ? call.error : finish(copyToDevice(to, from, bytes, nullptr));
}
CUresult cuMemcpyDtoH_v2(void *to, CUdeviceptr from, size_t bytes) {
  Call call("cuMemcpyDtoH_v2");
  return call.error ? call.error : finish(copyToHost(to, from, bytes, nullptr));
}
CUresult cuMemcpyDtoD_v2(CUdeviceptr to, CUdeviceptr from, size_t bytes) {
  Call call("cuMemcpyDtoD_v2");
  return call.error ? call.error : finish(copyOnDevice(to, from, bytes, nullptr));
}

CUresult cuMemcpyAsync(CUdeviceptr to, CUdeviceptr from, size_t bytes, CUstream stream) {
  Call call("cuMemcpyAsync");
  if (call.error)
    return call.error;
  // Which of the ends are on the device, the addresses say.
  bool toDevice = driver().memory.find(to, 1), fromDevice = driver().memory.find(from, 1);
  if (toDevice && fromDevice)
    return copyOnDevice(to, from, bytes, stream);
  if (toDevice)
    return copyToDevice(to, reinterpret_cast<const void *>(from), bytes, stream);
  return fromDevice ? copyToHost(reinterpret_cast<void *>(to), from, bytes, stream) : InvalidValue;
}

CUresult cuMemsetD8Async(CUdeviceptr to, unsigned char value, size_t count, CUstream stream) {
  Call call("cuMemsetD8Async");
  return call.error ? call.error : fill<uint8_t>(to, value, count, stream);
}
CUresult cuMemsetD16Async(CUdeviceptr to, unsigned short value, size_t count, CUstream stream) {
  Call call("cuMemsetD16Async");
  return call.error ? call.error : fill<uint16_t>(to, value, count, stream);
}
CUresult cuMemsetD32Async(CUdeviceptr to, unsigned value, size_t count, CUstream stream) {
  Call call("cuMemsetD32Async");
  return call.error ? call.error : fill<uint32_t>(to, value, count, stream);
}
CUresult cuMemsetD8_v2(CUdeviceptr to, unsigned char value, size_t count) {
  Call call("cuMemsetD8_v2");
  return call.error ? call.error : finish(fill<uint8_t>(to, value, count, nullptr));
}
CUresult cuMemsetD32_v2(CUdeviceptr to, unsigned value, size_t count) {
  Call call("cuMemsetD32_v2");
  return call.error ? call.error : finish(fill<uint32_t>(to, value, count, nullptr));
}

} // extern "C"

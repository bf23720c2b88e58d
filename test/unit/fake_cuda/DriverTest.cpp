// SPDX-License-Identifier: Apache-2.0
// The driver's functions: contexts, memory, streams that run when they are awaited, modules, launches, graphs, and
// errors by environment variables.
#include "test/fake_cuda/driver/Cuda.h"
#include <cstdlib>
#include <cstring>
#include <gtest/gtest.h>
#include <string>
#include <unistd.h>
#include <vector>

extern "C" {
CUresult cuInit(unsigned);
CUresult cuDeviceGetCount(int *);
CUresult cuDeviceGetAttribute(int *, int, CUdevice);
CUresult cuDevicePrimaryCtxRetain(CUcontext *, CUdevice);
CUresult cuDevicePrimaryCtxRelease_v2(CUdevice);
CUresult cuCtxPushCurrent_v2(CUcontext);
CUresult cuCtxPopCurrent_v2(CUcontext *);
CUresult cuMemAlloc_v2(CUdeviceptr *, size_t);
CUresult cuMemFree_v2(CUdeviceptr);
CUresult cuMemGetInfo_v2(size_t *, size_t *);
CUresult cuMemAllocHost_v2(void **, size_t);
CUresult cuMemFreeHost(void *);
CUresult cuMemcpyHtoDAsync_v2(CUdeviceptr, const void *, size_t, CUstream);
CUresult cuMemcpyDtoHAsync_v2(void *, CUdeviceptr, size_t, CUstream);
CUresult cuMemcpyDtoH_v2(void *, CUdeviceptr, size_t);
CUresult cuMemsetD32Async(CUdeviceptr, unsigned, size_t, CUstream);
CUresult cuStreamCreate(CUstream *, unsigned);
CUresult cuStreamDestroy_v2(CUstream);
CUresult cuStreamSynchronize(CUstream);
CUresult cuStreamQuery(CUstream);
CUresult cuStreamWaitEvent(CUstream, CUevent, unsigned);
CUresult cuEventCreate(CUevent *, unsigned);
CUresult cuEventRecord(CUevent, CUstream);
CUresult cuEventDestroy_v2(CUevent);
CUresult cuLaunchHostFunc(CUstream, CUhostFn, void *);
CUresult cuModuleLoadDataEx(CUmodule *, const void *, unsigned, int *, void **);
CUresult cuModuleUnload(CUmodule);
CUresult cuModuleGetFunction(CUfunction *, CUmodule, const char *);
CUresult cuFuncSetAttribute(CUfunction, int, int);
CUresult cuLaunchKernel(CUfunction, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, CUstream,
                        void **, void **);
CUresult cuStreamBeginCapture_v2(CUstream, int);
CUresult cuStreamEndCapture(CUstream, CUgraph *);
CUresult cuGraphInstantiateWithFlags(CUgraphExec *, CUgraph, unsigned long long);
CUresult cuGraphLaunch(CUgraphExec, CUstream);
CUresult cuGraphExecUpdate_v2(CUgraphExec, CUgraph, void *);
CUresult cuGraphExecDestroy(CUgraphExec);
CUresult cuGraphDestroy(CUgraph);
}

using namespace fake_cuda;

namespace {

/// Adds %1 to each of 32 numbers.
const char *const addText = ".version 7.0\n.target sm_75\n.address_size 64\n.visible .entry add(.param .u64 p, .param "
                            ".u32 n)\n{\n.reg .b64 %a<3>;\n.reg .b32 %r<4>;\n"
                            "ld.param.u64 %a0, [p];\nld.param.u32 %r0, [n];\nmov.u32 %r1, %tid.x;\nmad.wide.u32 %a1, "
                            "%r1, 4, %a0;\nld.global.u32 %r2, [%a1];\n"
                            "add.u32 %r2, %r2, %r0;\nst.global.u32 [%a1], %r2;\nret;\n}\n";

/// Sets an environment variable for a scope.
struct Setting {
  Setting(const char *name, const std::string &value) : name(name) { setenv(name, value.c_str(), 1); }
  ~Setting() { unsetenv(name); }
  const char *name;
};

class FakeCudaDriver : public testing::Test {
protected:
  void SetUp() override {
    ASSERT_EQ(cuInit(0), Success);
    ASSERT_EQ(cuDevicePrimaryCtxRetain(&context, 0), Success);
    ASSERT_EQ(cuCtxPushCurrent_v2(context), Success);
    ASSERT_EQ(cuStreamCreate(&stream, 1), Success);
    ASSERT_EQ(cuMemAlloc_v2(&memory, 128), Success);
  }
  void TearDown() override {
    cuMemFree_v2(memory);
    cuStreamDestroy_v2(stream);
    cuCtxPopCurrent_v2(nullptr);
    cuDevicePrimaryCtxRelease_v2(0);
  }
  CUfunction load() {
    CUmodule module = nullptr;
    CUfunction function = nullptr;
    EXPECT_EQ(cuModuleLoadDataEx(&module, addText, 0, nullptr, nullptr), Success);
    EXPECT_EQ(cuModuleGetFunction(&function, module, "add"), Success);
    return function;
  }
  CUresult add(CUfunction function, CUdeviceptr to, uint32_t value, unsigned threads = 32) {
    void *parameters[] = {&to, &value};
    return cuLaunchKernel(function, 1, 1, 1, threads, 1, 1, 0, stream, parameters, nullptr);
  }
  uint32_t first() {
    uint32_t value = 0;
    EXPECT_EQ(cuMemcpyDtoH_v2(&value, memory, 4), Success);
    return value;
  }
  CUcontext context = nullptr;
  CUstream stream = nullptr;
  CUdeviceptr memory = 0;
};

TEST_F(FakeCudaDriver, CallsNeedAContext) {
  ASSERT_EQ(cuCtxPopCurrent_v2(nullptr), Success);
  CUdeviceptr other = 0;
  EXPECT_EQ(cuMemAlloc_v2(&other, 16), InvalidContext);
  EXPECT_EQ(cuStreamSynchronize(stream), InvalidContext);
  ASSERT_EQ(cuCtxPushCurrent_v2(context), Success);
}

TEST_F(FakeCudaDriver, StreamsRunWhenAwaited) {
  CUfunction function = load();
  uint32_t seen[32] = {};
  ASSERT_EQ(cuMemsetD32Async(memory, 5, 32, stream), Success);
  ASSERT_EQ(add(function, memory, 2), Success);
  ASSERT_EQ(cuMemcpyDtoHAsync_v2(seen, memory, sizeof seen, stream), Success);
  EXPECT_EQ(seen[31], 0u);
  // Polling gets on by one piece of work.
  EXPECT_EQ(cuStreamQuery(stream), NotReady);
  EXPECT_EQ(cuStreamQuery(stream), NotReady);
  EXPECT_EQ(cuStreamQuery(stream), Success);
  EXPECT_EQ(seen[31], 7u);
}

TEST_F(FakeCudaDriver, PinnedMemoryIsReadWhenTheCopyRuns) {
  void *pinned = nullptr;
  ASSERT_EQ(cuMemAllocHost_v2(&pinned, 4), Success);
  uint32_t pageable = 1;
  *static_cast<uint32_t *>(pinned) = 1;
  ASSERT_EQ(cuMemcpyHtoDAsync_v2(memory, &pageable, 4, stream), Success);
  ASSERT_EQ(cuMemcpyHtoDAsync_v2(memory + 4, pinned, 4, stream), Success);
  pageable = 2;
  *static_cast<uint32_t *>(pinned) = 2;
  uint32_t values[2];
  ASSERT_EQ(cuMemcpyDtoHAsync_v2(values, memory, 8, stream), Success);
  ASSERT_EQ(cuStreamSynchronize(stream), Success);
  EXPECT_EQ(values[0], 1u);
  EXPECT_EQ(values[1], 2u);
  EXPECT_EQ(cuMemFreeHost(pinned), Success);
}

TEST_F(FakeCudaDriver, EventsOrderStreams) {
  CUstream other = nullptr;
  CUevent event = nullptr;
  ASSERT_EQ(cuStreamCreate(&other, 1), Success);
  ASSERT_EQ(cuEventCreate(&event, 0), Success);
  ASSERT_EQ(cuMemsetD32Async(memory, 9, 32, stream), Success);
  ASSERT_EQ(cuEventRecord(event, stream), Success);
  ASSERT_EQ(cuStreamWaitEvent(other, event, 0), Success);
  uint32_t value = 0;
  ASSERT_EQ(cuMemcpyDtoHAsync_v2(&value, memory, 4, other), Success);
  ASSERT_EQ(cuStreamSynchronize(other), Success);
  EXPECT_EQ(value, 9u);
  cuEventDestroy_v2(event);
  cuStreamDestroy_v2(other);
}

TEST_F(FakeCudaDriver, GraphsRunByTheirLaunches) {
  CUfunction function = load();
  CUgraph graph = nullptr, otherGraph = nullptr;
  CUgraphExec exec = nullptr;
  ASSERT_EQ(cuMemsetD32Async(memory, 0, 32, stream), Success);
  ASSERT_EQ(cuStreamBeginCapture_v2(stream, 2), Success);
  ASSERT_EQ(add(function, memory, 3), Success);
  int calls = 0;
  ASSERT_EQ(cuLaunchHostFunc(stream, [](void *count) { ++*static_cast<int *>(count); }, &calls), Success);
  ASSERT_EQ(cuStreamEndCapture(stream, &graph), Success);
  ASSERT_EQ(cuGraphInstantiateWithFlags(&exec, graph, 0), Success);
  ASSERT_EQ(cuGraphLaunch(exec, stream), Success);
  ASSERT_EQ(cuGraphLaunch(exec, stream), Success);
  ASSERT_EQ(cuStreamSynchronize(stream), Success);
  EXPECT_EQ(first(), 6u);
  EXPECT_EQ(calls, 2);
  // An update takes new parameters, and refuses another topology.
  ASSERT_EQ(cuStreamBeginCapture_v2(stream, 2), Success);
  ASSERT_EQ(add(function, memory, 100), Success);
  ASSERT_EQ(cuStreamEndCapture(stream, &otherGraph), Success);
  EXPECT_EQ(cuGraphExecUpdate_v2(exec, otherGraph, nullptr), GraphExecUpdateFailure);
  cuGraphExecDestroy(exec);
  ASSERT_EQ(cuStreamBeginCapture_v2(stream, 2), Success);
  ASSERT_EQ(add(function, memory, 1), Success);
  CUgraph third = nullptr;
  ASSERT_EQ(cuStreamEndCapture(stream, &third), Success);
  ASSERT_EQ(cuGraphInstantiateWithFlags(&exec, third, 0), Success);
  ASSERT_EQ(cuGraphExecUpdate_v2(exec, otherGraph, nullptr), Success);
  ASSERT_EQ(cuGraphLaunch(exec, stream), Success);
  ASSERT_EQ(cuStreamSynchronize(stream), Success);
  EXPECT_EQ(first(), 106u);
  // What waits is an error while capturing, and ends the capture.
  ASSERT_EQ(cuStreamBeginCapture_v2(stream, 2), Success);
  EXPECT_EQ(cuStreamSynchronize(stream), StreamCaptureUnsupported);
  CUgraph invalid = nullptr;
  EXPECT_EQ(cuStreamEndCapture(stream, &invalid), StreamCaptureInvalidated);
  for (CUgraph each : {graph, otherGraph, third})
    cuGraphDestroy(each);
  cuGraphExecDestroy(exec);
}

TEST_F(FakeCudaDriver, ModulesForOtherArchitectures) {
  CUmodule module = nullptr;
  Setting older("FAKE_CUDA_CAPABILITY", "75");
  std::string text = addText;
  EXPECT_EQ(cuModuleLoadDataEx(&module, text.c_str(), 0, nullptr, nullptr), Success);
  cuModuleUnload(module);
  text.replace(text.find("sm_75"), 5, "sm_80");
  EXPECT_EQ(cuModuleLoadDataEx(&module, text.c_str(), 0, nullptr, nullptr), NoBinaryForGpu);
  int major = 0;
  ASSERT_EQ(cuDeviceGetAttribute(&major, CapabilityMajor, 0), Success);
  EXPECT_EQ(major, 7);
  text.replace(text.find("sm_80"), 5, "sm_90a");
  Setting newer("FAKE_CUDA_CAPABILITY", "100");
  EXPECT_EQ(cuModuleLoadDataEx(&module, text.c_str(), 0, nullptr, nullptr), NoBinaryForGpu);
}

TEST_F(FakeCudaDriver, ErrorLogOfModules) {
  char log[256] = "";
  int options[] = {5, 6};
  void *values[] = {log, reinterpret_cast<void *>(sizeof log)};
  CUmodule module = nullptr;
  EXPECT_EQ(cuModuleLoadDataEx(&module, ".version 7.0\n.target sm_75\n.entry k() { nonsense; }", 2, options, values),
            InvalidPtx);
  EXPECT_NE(std::string(log).find("line 3"), std::string::npos) << log;
}

TEST_F(FakeCudaDriver, LaunchesOfWrongShapes) {
  CUfunction function = load();
  EXPECT_EQ(add(function, memory, 1, 0), InvalidValue);
  EXPECT_EQ(add(function, memory, 1, 1025), InvalidValue);
  void *parameters[] = {&memory, &memory};
  EXPECT_EQ(cuLaunchKernel(function, 1, 1, 1, 32, 1, 1, 64 << 10, stream, parameters, nullptr), InvalidValue);
  EXPECT_EQ(cuFuncSetAttribute(function, 8, 64 << 10), Success);
  EXPECT_EQ(cuLaunchKernel(function, 1, 1, 1, 32, 1, 1, 64 << 10, stream, parameters, nullptr), Success);
  EXPECT_EQ(cuFuncSetAttribute(function, 8, 300 << 10), InvalidValue);
  EXPECT_EQ(cuStreamSynchronize(stream), Success);
}

TEST_F(FakeCudaDriver, MemoryRunsOut) {
  Setting memoryLimit("FAKE_CUDA_MEMORY", "1048576");
  size_t free = 0, total = 0;
  ASSERT_EQ(cuMemGetInfo_v2(&free, &total), Success);
  EXPECT_EQ(total, 1u << 20);
  CUdeviceptr big = 0;
  EXPECT_EQ(cuMemAlloc_v2(&big, free + 1), OutOfMemory);
  EXPECT_EQ(cuMemAlloc_v2(&big, free), Success);
  EXPECT_EQ(cuMemFree_v2(big), Success);
  EXPECT_EQ(cuMemFree_v2(big), InvalidValue);
}

TEST_F(FakeCudaDriver, InjectedErrors) {
  CUdeviceptr address = 0;
  {
    Setting fail("FAKE_CUDA_FAIL", "cuMemAlloc_v2=2");
    EXPECT_EQ(cuMemAlloc_v2(&address, 16), OutOfMemory);
  }
  EXPECT_EQ(cuMemAlloc_v2(&address, 16), Success);
  cuMemFree_v2(address);
  Setting none("FAKE_CUDA_DEVICES", "0");
  EXPECT_EQ(cuInit(0), NoDevice);
}

/// A process of its own, since the context keeps the error.
[[noreturn]] void runIntoFault() {
  CUcontext context = nullptr;
  CUdeviceptr memory = 0;
  CUmodule module = nullptr;
  CUfunction function = nullptr;
  cuInit(0);
  cuDevicePrimaryCtxRetain(&context, 0);
  cuCtxPushCurrent_v2(context);
  cuMemAlloc_v2(&memory, 64); // half of what the kernel needs
  cuModuleLoadDataEx(&module, addText, 0, nullptr, nullptr);
  cuModuleGetFunction(&function, module, "add");
  uint32_t value = 1;
  void *parameters[] = {&memory, &value};
  CUresult launched = cuLaunchKernel(function, 1, 1, 1, 32, 1, 1, 0, nullptr, parameters, nullptr);
  CUresult waited = cuStreamSynchronize(nullptr), after = cuMemFree_v2(memory);
  _exit(launched == Success && waited == LaunchFailed && after == LaunchFailed ? 0 : 1);
}

TEST(FakeCudaDriverDeathTest, FaultsStay) {
  EXPECT_EXIT(runIntoFault(), testing::ExitedWithCode(0), "outside every allocation");
}
} // namespace

// SPDX-License-Identifier: Apache-2.0
// PTX texts run by the interpreter, for its tests.
#pragma once
#include "test/fake_cuda/machine/Launch.h"
#include "test/fake_cuda/ptx/Error.h"
#include <algorithm>
#include <cstring>
#include <gtest/gtest.h>
#include <limits>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace fake_cuda {

/// One kernel `k` whose parameters are addresses of arrays in device memory.
class PtxProgram : GlobalAllocator {
public:
  explicit PtxProgram(const std::string &text) : module(loadModule(text, *this)) {
    for (const auto &[name, global] : module->globals)
      memcpy(memory.at(global.address, global.data.size()), global.data.data(), global.data.size());
  }
  uint64_t allocate(const std::string &, uint64_t bytes, unsigned alignment) override {
    return memory.allocate(bytes, alignment);
  }

  /// A copy of `values` on the device, as the next parameter.
  template <typename T> uint64_t add(const std::vector<T> &values) {
    uint64_t address = memory.allocate(values.size() * sizeof(T));
    memcpy(memory.at(address, values.size() * sizeof(T)), values.data(), values.size() * sizeof(T));
    parameter(address);
    return address;
  }
  /// Poisoned memory for `count` values, as the next parameter.
  template <typename T> uint64_t addResult(size_t count) {
    uint64_t address = memory.allocate(count * sizeof(T));
    parameter(address);
    return address;
  }
  template <typename T> void parameter(const T &value) {
    size_t offset = (parameters.size() + alignof(T) - 1) / alignof(T) * alignof(T);
    parameters.resize(offset + sizeof(T));
    memcpy(&parameters[offset], &value, sizeof(T));
  }
  template <typename T> std::vector<T> read(uint64_t address, size_t count) {
    std::vector<T> result(count);
    memcpy(result.data(), memory.at(address, count * sizeof(T)), count * sizeof(T));
    return result;
  }
  Counters run(uint32_t blocks, uint32_t threads, uint64_t seed = 0) {
    shape.grid[0] = blocks;
    shape.block[0] = threads;
    options.seed = seed;
    return runKernel(module->kernels.at("k"), shape, parameters, memory, options);
  }
  /// The message of the error that the kernel ends in, or "" if it has none.
  std::string fault(uint32_t blocks, uint32_t threads, uint64_t seed = 0) {
    try {
      run(blocks, threads, seed);
    } catch (const Error &error) {
      return error.what();
    }
    return "";
  }

  Memory memory;
  LaunchShape shape;
  LaunchOptions options;

private:
  std::unique_ptr<Module> module;
  std::vector<uint8_t> parameters;
};

inline std::string ptxHeader() { return ".version 8.0\n.target sm_90a\n.address_size 64\n"; }

/// A kernel of `parameters` addresses p0, p1, ... in %p0, ...; %i is the thread's number in the grid.
inline std::string ptxKernel(int parameters, const std::string &body, const std::string &before = "") {
  std::string text = ptxHeader() + before + ".visible .entry k(";
  for (int i = 0; i < parameters; ++i)
    text += (i ? ", .param .u64 p" : ".param .u64 p") + std::to_string(i);
  text += ")\n{\n.reg .pred %q<8>;\n.reg .b16 %h<16>;\n.reg .b32 %r<64>;\n.reg .f32 %f<64>;\n.reg .b64 %d<32>;\n.reg "
          ".f64 %g<8>;\n.reg .b64 %p<8>;\n"
          ".reg .b64 %o;\n.reg .u32 %i, %t;\nmov.u32 %t, %tid.x;\nmov.u32 %i, %ctaid.x;\nmov.u32 %r0, "
          "%ntid.x;\nmad.lo.u32 %i, %i, %r0, %t;\n";
  for (int i = 0; i < parameters; ++i) {
    std::string n = std::to_string(i);
    text += "ld.param.u64 %p" + n + ", [p" + n + "];\n";
  }
  return text + body + "\nret;\n}\n";
}

/// Whether two results are equal: the same bits, or both NaN.
template <typename T> bool sameValue(T x, T y) { return memcmp(&x, &y, sizeof x) == 0 || (x != x && y != y); }

/// Values that break arithmetic, then random bits.
template <typename T> std::vector<T> awkwardValues(size_t count, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<T> result;
  if constexpr (std::is_floating_point_v<T>) {
    using Limits = std::numeric_limits<T>;
    for (T value : {T(0), T(1), T(0.5), Limits::infinity(), Limits::quiet_NaN(), Limits::denorm_min(), Limits::min(),
                    Limits::max(), T(3e-39), T(2147483648.0), T(255.5)}) {
      result.push_back(value);
      result.push_back(-value);
    }
  } else {
    for (T value : {T(0), T(1), T(2), std::numeric_limits<T>::min(), std::numeric_limits<T>::max(), T(31), T(32), T(33),
                    T(63), T(64)}) {
      result.push_back(value);
      // In unsigned arithmetic: the smallest integer has no negative.
      result.push_back(static_cast<T>(0 - static_cast<uint64_t>(value)));
    }
  }
  std::shuffle(result.begin(), result.end(), random);
  while (result.size() < count) {
    uint64_t bits = random();
    T value;
    memcpy(&value, &bits, sizeof value);
    if (std::is_floating_point_v<T> && random() % 2) // of usual size
      value = static_cast<T>(static_cast<double>(static_cast<int64_t>(bits)) * 0x1p-60);
    result.push_back(value);
  }
  result.resize(count);
  return result;
}

} // namespace fake_cuda

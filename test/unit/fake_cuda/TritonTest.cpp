// SPDX-License-Identifier: Apache-2.0
// Products compiled by Triton (triton/make_ptx.py): code of a compiler that is known to be right on hardware has to
// give right numbers, whatever the schedule, with the memory traffic that its layouts promise.
#include "test/fake_cuda/driver/Cuda.h"
#include "test/unit/fake_cuda/PtxProgram.h"
#include <cmath>
#include <fstream>
#include <sstream>

extern "C" CUresult cuTensorMapEncodeTiled(void *, int, uint32_t, void *, const uint64_t *, const uint64_t *,
                                           const uint32_t *, const uint32_t *, int, int, int, int);

using namespace fake_cuda;

namespace {

enum class Element { F16, Bf16, F32 };

std::string readText(const std::string &name) {
  std::ifstream file(std::string(DLC_FAKE_CUDA_TRITON) + "/" + name + ".ptx");
  EXPECT_TRUE(file) << name;
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

/// A matrix of random values that its element type holds exactly, and its bytes.
struct Matrix {
  Matrix(size_t count, Element element, unsigned seed)
      : values(count), bytes(count * (element == Element::F32 ? 4 : 2)) {
    std::mt19937 random(seed);
    std::normal_distribution<float> normal;
    for (size_t i = 0; i < count; ++i) {
      float value = normal(random);
      if (element == Element::F16) {
        auto half = static_cast<_Float16>(value);
        memcpy(&bytes[2 * i], &half, 2);
        value = static_cast<float>(half);
      } else if (element == Element::Bf16) {
        uint32_t bits;
        memcpy(&bits, &value, 4);
        bits &= 0xffff0000;
        memcpy(&value, &bits, 4);
        memcpy(&bytes[2 * i], reinterpret_cast<uint8_t *>(&bits) + 2, 2);
      } else {
        memcpy(&bytes[4 * i], &value, 4);
      }
      values[i] = value;
    }
  }
  std::vector<float> values;
  std::vector<uint8_t> bytes;
};

constexpr uint32_t m = 160, n = 144, k = 208; // multiples of 16, as Triton was promised, but not of the tiles

/// The relative error (root of the sum of squares) of a result.
double errorOf(const std::vector<float> &result, const Matrix &a, const Matrix &b, bool isTransposed) {
  double error = 0, norm = 0;
  for (size_t i = 0; i < m; ++i)
    for (size_t j = 0; j < n; ++j) {
      double sum = 0;
      for (size_t x = 0; x < k; ++x)
        sum += static_cast<double>(a.values[i * k + x]) * b.values[isTransposed ? j * k + x : x * n + j];
      double difference = sum - result[i * n + j];
      error += difference * difference;
      norm += sum * sum;
    }
  return std::sqrt(error / norm);
}

uint32_t sharedBytes(const std::string &text) {
  return static_cast<uint32_t>(strtoul(text.c_str() + text.find("// shared ") + 10, nullptr, 10));
}

void checkProduct(const std::string &name, Element element, bool isTransposed, uint32_t tileM, uint32_t tileN,
                  double limit) {
  SCOPED_TRACE(name);
  std::string text = readText(name);
  Matrix a(static_cast<size_t>(m) * k, element, 1), b(static_cast<size_t>(n) * k, element, 2);
  for (uint64_t seed = 0; seed < 3; ++seed) {
    PtxProgram program(text);
    program.add(a.bytes);
    program.add(b.bytes);
    uint64_t result = program.addResult<float>(static_cast<size_t>(m) * n);
    for (uint32_t extent : {m, n, k})
      program.parameter(extent);
    program.parameter(uint64_t(0)); // memory that Triton may ask for
    program.parameter(uint64_t(0));
    program.shape.grid[1] = (n + tileN - 1) / tileN;
    program.shape.dynamicSharedBytes = sharedBytes(text);
    program.options.countsTraffic = true;
    Counters counters = program.run((m + tileM - 1) / tileM, 128, seed);
    EXPECT_LT(errorOf(program.read<float>(result, static_cast<size_t>(m) * n), a, b, isTransposed), limit);
    EXPECT_EQ(counters.sectors, counters.leastSectors);
    EXPECT_EQ(counters.sharedPasses, counters.leastSharedPasses);
  }
}

TEST(FakeCudaTriton, Ampere) {
  checkProduct("sm80_f16", Element::F16, true, 64, 64, 1e-6);
  checkProduct("sm80_f16_rows", Element::F16, false, 64, 64, 1e-6);
  checkProduct("sm80_tf32", Element::F32, true, 64, 64, 1e-3);
}

TEST(FakeCudaTriton, Hopper) {
  checkProduct("sm90_f16", Element::F16, true, 128, 128, 1e-6);
  checkProduct("sm90_bf16_rows", Element::Bf16, false, 64, 128, 1e-6);
}

TEST(FakeCudaTriton, TensorCopies) {
  struct alignas(64) TensorMapBytes {
    uint8_t bytes[128];
  };
  std::string text = readText("sm90_f16_tma");
  Matrix a(static_cast<size_t>(m) * k, Element::F16, 3), b(static_cast<size_t>(n) * k, Element::F16, 4);
  for (uint64_t seed = 0; seed < 3; ++seed) {
    PtxProgram program(text);
    auto addTensor = [&](const Matrix &matrix, uint32_t rows) {
      uint64_t address = program.memory.allocate(matrix.bytes.size());
      memcpy(program.memory.at(address, matrix.bytes.size()), matrix.bytes.data(), matrix.bytes.size());
      TensorMapBytes map;
      uint64_t extents[] = {k, rows}, stride = uint64_t{2} * k;
      uint32_t box[] = {64, 128}, steps[] = {1, 1};
      constexpr int typeF16 = 6, swizzle128 = 3;
      EXPECT_EQ(cuTensorMapEncodeTiled(&map, typeF16, 2, reinterpret_cast<void *>(address), extents, &stride, box,
                                       steps, 0, swizzle128, 0, 0),
                Success);
      program.parameter(map);
      program.parameter(rows);
      program.parameter(k);
      program.parameter(uint64_t(k)); // strides
      program.parameter(uint64_t(1));
    };
    addTensor(a, m);
    addTensor(b, n);
    uint64_t result = program.addResult<float>(static_cast<size_t>(m) * n);
    for (uint32_t extent : {m, n, k})
      program.parameter(extent);
    program.parameter(uint64_t(0));
    program.parameter(uint64_t(0));
    program.shape.grid[1] = 2;
    program.shape.dynamicSharedBytes = sharedBytes(text);
    program.run(2, 128, seed);
    EXPECT_LT(errorOf(program.read<float>(result, static_cast<size_t>(m) * n), a, b, true), 1e-6);
  }
}
} // namespace

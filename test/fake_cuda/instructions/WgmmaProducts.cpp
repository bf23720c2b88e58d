// SPDX-License-Identifier: Apache-2.0
#include "test/fake_cuda/instructions/WgmmaProducts.h"
#include "test/fake_cuda/instructions/MatrixElements.h"
#include "test/fake_cuda/machine/Block.h"
#include "test/fake_cuda/machine/Races.h"
#include "test/fake_cuda/ptx/Error.h"

namespace fake_cuda {

namespace {

/// An operand in shared memory: core matrices of 8 rows by 16 bytes, in rows of `span` bytes that are swizzled.
class Operand {
public:
  Operand(uint64_t descriptor, Type type, bool isKContiguous)
      : bytes(elementBytes(type)), isKContiguous(isKContiguous) {
    start = static_cast<uint32_t>(descriptor & 0x3fff) << 4;
    leading = static_cast<uint32_t>(descriptor >> 16 & 0x3fff) << 4;
    stride = static_cast<uint32_t>(descriptor >> 32 & 0x3fff) << 4;
    if (descriptor >> 49 & 7)
      throw Error("wgmma: base offsets of descriptors are not supported");
    switch (descriptor >> 62) {
    case 0:
      span = 16;
      break;
    case 1:
      span = 128;
      mask = 7;
      break;
    case 2:
      span = 64;
      mask = 3;
      break;
    default:
      span = 32;
      mask = 1;
    }
  }
  /// The shared address of the element at `row` of M or N, and `k`.
  uint32_t address(unsigned row, unsigned k) const {
    uint32_t result;
    if (isKContiguous && span == 16)
      result = start + row / 8 * stride + row % 8 * 16 + k * bytes / 16 * leading + k * bytes % 16;
    else if (isKContiguous)
      result = start + row / 8 * stride + row % 8 * span + k * bytes;
    else if (span == 16)
      result = start + row / 8 * stride + row % 8 * bytes + k / 8 * leading + k % 8 * 16;
    else
      result = start + row / (span / bytes) * leading + row % (span / bytes) * bytes + k / 8 * stride + k % 8 * span;
    return result ^ (result >> 7 & mask) << 4;
  }
  unsigned bytes;

private:
  uint32_t start, leading, stride, span, mask = 0;
  bool isKContiguous;
};

void noteReads(Warp &warp, const Operand &operand, unsigned firstRow, unsigned rows, unsigned k) {
  RaceDetector *races = warp.block->races.get();
  for (unsigned row = firstRow; row < firstRow + rows; ++row)
    for (unsigned i = 0; i < k; ++i) {
      uint32_t address = operand.address(row, i);
      warp.block->sharedAt(address, operand.bytes);
      if (races && address % 4 == 0)
        races->readByAsyncProxy(warp, address, 4);
    }
}

float readElement(Warp &warp, const Operand &operand, Type type, unsigned row, unsigned k) {
  return elementAt(type, warp.block->sharedAt(operand.address(row, k), operand.bytes));
}
} // namespace

void checkOperands(Warp &warp, const WgmmaProduct &product) {
  const WgmmaShape &shape = *product.shape;
  if (shape.a.empty())
    noteReads(warp, Operand(product.descriptorA, shape.type, shape.isRowMajorA), warp.number % 4 * 16, 16, shape.k);
  // B is the same for the four warps of the group; one looks.
  if (warp.number % 4 == 0)
    noteReads(warp, Operand(product.descriptorB, shape.type, shape.isColumnMajorB), 0, shape.n, shape.k);
}

void multiply(Warp &warp, const WgmmaProduct &product) {
  const WgmmaShape &shape = *product.shape;
  constexpr unsigned rows = 16, mostK = 16, mostN = 256;
  float a[rows][mostK], b[mostK][mostN], sum[rows][mostN];
  Operand operandB(product.descriptorB, shape.type, shape.isColumnMajorB);
  for (unsigned k = 0; k < shape.k; ++k)
    for (unsigned n = 0; n < shape.n; ++n)
      b[k][n] = shape.scaleB * readElement(warp, operandB, shape.type, n, k);
  if (shape.a.empty()) {
    Operand operandA(product.descriptorA, shape.type, shape.isRowMajorA);
    for (unsigned row = 0; row < rows; ++row)
      for (unsigned k = 0; k < shape.k; ++k)
        a[row][k] = shape.scaleA * readElement(warp, operandA, shape.type, warp.number % 4 * 16 + row, k);
  } else {
    // As mma.sync holds it: rows L / 4 and L / 4 + 8 in registers 0 and 1, the next group of K in 2 and 3.
    unsigned bytes = elementBytes(shape.type), group = 4 / bytes;
    for (size_t i = 0; i < shape.a.size(); ++i)
      for (unsigned lane = 0; lane < 32; ++lane)
        for (unsigned e = 0; e < group; ++e)
          a[lane / 4 + i % 2 * 8][(i / 2 * 4 + lane % 4) * group + e] =
              shape.scaleA * elementAt(shape.type, warp.registers + shape.a[i] + size_t{lane} * 4 + size_t{e} * bytes);
  }
  // Accumulators: for each 8 columns, rows L / 4 and L / 4 + 8, columns 2 * (L % 4) and the next.
  bool isHalf = shape.accumulator == Type::F16;
  auto eachAccumulator = [&](auto &&function) {
    for (unsigned block = 0; block < shape.n / 8; ++block)
      for (unsigned i = 0; i < 4; ++i)
        for (unsigned lane = 0; lane < 32; ++lane)
          function(block, i, lane, sum[lane / 4 + i / 2 * 8][block * 8 + lane % 4 * 2 + i % 2]);
  };
  eachAccumulator([&](unsigned block, unsigned i, unsigned lane, float &element) {
    if (!product.accumulates)
      element = 0;
    else if (isHalf)
      element = halfToFloat(warp.lanes<uint16_t>(shape.d[block * 2 + i / 2])[lane * 2 + i % 2]);
    else
      element = warp.lanes<float>(shape.d[block * 4 + i])[lane];
  });
  for (unsigned row = 0; row < rows; ++row)
    for (unsigned k = 0; k < shape.k; ++k)
      for (unsigned n = 0; n < shape.n; ++n)
        sum[row][n] += a[row][k] * b[k][n];
  eachAccumulator([&](unsigned block, unsigned i, unsigned lane, float &element) {
    if (isHalf)
      warp.lanes<uint16_t>(shape.d[block * 2 + i / 2])[lane * 2 + i % 2] = floatToHalf(element);
    else
      warp.lanes<float>(shape.d[block * 4 + i])[lane] = canonical(element);
  });
}

} // namespace fake_cuda

// SPDX-License-Identifier: Apache-2.0
// mma.sync: D = A * B + C of 16 x 8 tiles, held by the lanes of a warp.
//
// A register holds 4 / (bytes of an element) neighbors along K. Four lanes side by side cover one group of K, eight
// groups of lanes the rows; with G = L / 4 and T = L % 4, lane L holds
//   A: rows G and G + 8, in registers 0 and 1, then the next group of K in registers 2 and 3;
//   B: column G, a register a group of K;
//   C, D: rows G (registers 0, 1) and G + 8 (registers 2, 3), columns 2 * T and 2 * T + 1.
#include "test/fake_cuda/instructions/Families.h"
#include "test/fake_cuda/instructions/Lanes.h"
#include "test/fake_cuda/instructions/MatrixElements.h"
#include <cstdio>
#include <type_traits>

namespace fake_cuda {

namespace {

constexpr unsigned rows = 16, columns = 8, mostK = 32;

struct ProductDetails : Details {
  std::vector<RegisterOffset> d, a, b, c;
  Type typeA = Type::None, typeB = Type::None, typeC = Type::None, typeD = Type::None;
  unsigned k = 0;
  bool saturates = false;
};

template <typename T> void gatherA(Warp &warp, const ProductDetails &details, T (&a)[rows][mostK]) {
  unsigned bytes = elementBytes(details.typeA), group = 4 / bytes;
  for (size_t i = 0; i < details.a.size(); ++i)
    for (unsigned lane = 0; lane < 32; ++lane)
      for (unsigned e = 0; e < group; ++e) {
        const uint8_t *element = warp.registers + details.a[i] + size_t{lane} * 4 + size_t{e} * bytes;
        a[lane / 4 + i % 2 * 8][(i / 2 * 4 + lane % 4) * group + e] = static_cast<T>(elementAt(details.typeA, element));
      }
}

template <typename T> void gatherB(Warp &warp, const ProductDetails &details, T (&b)[mostK][columns]) {
  unsigned bytes = elementBytes(details.typeB), group = 4 / bytes;
  for (size_t i = 0; i < details.b.size(); ++i)
    for (unsigned lane = 0; lane < 32; ++lane)
      for (unsigned e = 0; e < group; ++e) {
        const uint8_t *element = warp.registers + details.b[i] + size_t{lane} * 4 + size_t{e} * bytes;
        b[(i * 4 + lane % 4) * group + e][lane / 4] = static_cast<T>(elementAt(details.typeB, element));
      }
}

/// Floats: products are exact in f32 or nearly so; they are added to the accumulator in the order of K.
void multiplyFloats(Warp &warp, const Instruction &instruction, uint32_t lanes) {
  if (lanes != allLanes)
    throw Error("a matrix instruction that not all lanes of the warp reach");
  const auto &details = *static_cast<const ProductDetails *>(instruction.details);
  float a[rows][mostK], b[mostK][columns], sum[rows][columns];
  gatherA(warp, details, a);
  gatherB(warp, details, b);
  bool halfC = details.typeC == Type::F16, halfD = details.typeD == Type::F16;
  for (unsigned lane = 0; lane < 32; ++lane)
    for (unsigned i = 0; i < 4; ++i) {
      float &element = sum[lane / 4 + i / 2 * 8][lane % 4 * 2 + i % 2];
      element = halfC ? halfToFloat(warp.lanes<uint16_t>(details.c[i / 2])[lane * 2 + i % 2])
                      : warp.lanes<float>(details.c[i])[lane];
    }
  for (unsigned row = 0; row < rows; ++row)
    for (unsigned k = 0; k < details.k; ++k)
      for (unsigned column = 0; column < columns; ++column)
        sum[row][column] += a[row][k] * b[k][column];
  for (unsigned lane = 0; lane < 32; ++lane)
    for (unsigned i = 0; i < 4; ++i) {
      float element = sum[lane / 4 + i / 2 * 8][lane % 4 * 2 + i % 2];
      if (halfD)
        warp.lanes<uint16_t>(details.d[i / 2])[lane * 2 + i % 2] = floatToHalf(element);
      else
        warp.lanes<float>(details.d[i])[lane] = canonical(element);
    }
}

void multiplyIntegers(Warp &warp, const Instruction &instruction, uint32_t lanes) {
  if (lanes != allLanes)
    throw Error("a matrix instruction that not all lanes of the warp reach");
  const auto &details = *static_cast<const ProductDetails *>(instruction.details);
  int32_t a[rows][mostK], b[mostK][columns];
  gatherA(warp, details, a);
  gatherB(warp, details, b);
  int32_t result[4][32];
  for (unsigned lane = 0; lane < 32; ++lane)
    for (unsigned i = 0; i < 4; ++i) {
      unsigned row = lane / 4 + i / 2 * 8, column = lane % 4 * 2 + i % 2;
      int64_t sum = warp.lanes<int32_t>(details.c[i])[lane];
      for (unsigned k = 0; k < details.k; ++k)
        sum += static_cast<int64_t>(a[row][k]) * b[k][column];
      if (details.saturates)
        sum = sum < INT32_MIN ? INT32_MIN : sum > INT32_MAX ? INT32_MAX : sum;
      result[i][lane] = static_cast<int32_t>(sum);
    }
  for (unsigned i = 0; i < 4; ++i)
    memcpy(warp.lanes<int32_t>(details.d[i]), result[i], sizeof result[i]);
}

void decodeProduct(Decoder &decoder, const Statement &statement, Instruction &instruction) {
  expectOperands(statement, 4, 4);
  auto &details = decoder.addDetails<ProductDetails>(instruction);
  unsigned m = 0, n = 0;
  std::vector<Type> types;
  for (const std::string &modifier : statement.opcode) {
    // NOLINTNEXTLINE(bugprone-unchecked-string-to-number-conversion): shapes are checked afterwards
    sscanf(modifier.c_str(), "m%un%uk%u", &m, &n, &details.k);
    if (Type type = typeNamed(modifier); type != Type::None)
      types.push_back(type);
  }
  if (types.size() != 4 || m != 16 || n != 8)
    throw Error("this shape of mma is not supported");
  details.typeD = types[0];
  details.typeA = types[1];
  details.typeB = types[2];
  details.typeC = types[3];
  details.saturates = statement.has("satfinite");
  bool isInteger = details.typeA == Type::S8 || details.typeA == Type::U8;
  bool isFloat = details.typeA == Type::F16 || details.typeA == Type::BF16 || details.typeA == Type::TF32;
  if (!isInteger && !isFloat)
    throw Error("mma of this type is not supported");
  details.d = decoder.writeList(statement.operands[0], 4);
  details.a = decoder.readList(statement.operands[1], 4);
  details.b = decoder.readList(statement.operands[2], 4);
  details.c = decoder.readList(statement.operands[3], 4);
  // Registers as many as the shape needs; K is a multiple of what four lanes cover.
  size_t groups = details.k / (16 / elementBytes(details.typeA));
  auto accumulators = [](Type type) { return type == Type::F16 ? size_t(2) : size_t(4); };
  if (details.k > mostK || groups == 0 || groups > 2 || details.a.size() != 2 * groups || details.b.size() != groups ||
      details.d.size() != accumulators(details.typeD) || details.c.size() != accumulators(details.typeC))
    throw Error("wrong number of registers for this shape");
  instruction.flow = Flow::Aligned;
  instruction.run = isInteger ? multiplyIntegers : multiplyFloats;
}
} // namespace

void addMatrixProducts(OpcodeTable &table) { table["mma"] = decodeProduct; }

} // namespace fake_cuda

// SPDX-License-Identifier: Apache-2.0
// ldmatrix, stmatrix, movmatrix: 8 x 8 matrices of 16-bit elements between shared memory and a warp's registers. Lane L
// holds elements 2 * (L % 4) and the next one of row L / 4.
#include "test/fake_cuda/instructions/Families.h"
#include "test/fake_cuda/instructions/GlobalAccess.h"
#include "test/fake_cuda/instructions/Lanes.h"
#include "test/fake_cuda/machine/Block.h"
#include "test/fake_cuda/machine/Races.h"
#include <cstring>

namespace fake_cuda {

namespace {

struct MatrixDetails : Details {
  std::vector<RegisterOffset> registers; // one per matrix
  unsigned baseBytes = 4;
  bool isTransposed = false;
};

/// Rows of 16 bytes: matrix i takes its row addresses from lanes 8 * i to 8 * i + 7.
void rowAddresses(Warp &warp, const Instruction &instruction, uint32_t lanes, const MatrixDetails &details,
                  LaneAddresses &addresses) {
  if (lanes != allLanes)
    throw Error("a matrix instruction that not all lanes of the warp reach");
  computeAddresses(warp, instruction.a, details.baseBytes, instruction.value, Space::Shared, lanes, addresses);
  uint32_t rows = details.registers.size() == 4 ? allLanes : (1u << 8 * details.registers.size()) - 1;
  resolve(warp, rows, 16, addresses);
  if (warp.block->options->countsTraffic)
    countShared(warp, addresses.address, rows, 16);
}

void loadMatrices(Warp &warp, const Instruction &instruction, uint32_t lanes) {
  const auto &details = *static_cast<const MatrixDetails *>(instruction.details);
  LaneAddresses addresses;
  rowAddresses(warp, instruction, lanes, details, addresses);
  uint32_t rows = details.registers.size() == 4 ? allLanes : (1u << 8 * details.registers.size()) - 1;
  noteSharedReads(warp, addresses.address, rows, 16);
  for (size_t i = 0; i < details.registers.size(); ++i) {
    uint16_t matrix[8][8];
    for (unsigned row = 0; row < 8; ++row)
      memcpy(matrix[row], addresses.host[8 * i + row], 16);
    uint32_t *destination = warp.lanes<uint32_t>(details.registers[i]);
    for (unsigned lane = 0; lane < 32; ++lane) {
      unsigned row = lane / 4, column = lane % 4 * 2;
      destination[lane] = details.isTransposed
                              ? matrix[column][row] | static_cast<uint32_t>(matrix[column + 1][row]) << 16
                              : matrix[row][column] | static_cast<uint32_t>(matrix[row][column + 1]) << 16;
    }
  }
}

void storeMatrices(Warp &warp, const Instruction &instruction, uint32_t lanes) {
  const auto &details = *static_cast<const MatrixDetails *>(instruction.details);
  LaneAddresses addresses;
  rowAddresses(warp, instruction, lanes, details, addresses);
  uint32_t rows = details.registers.size() == 4 ? allLanes : (1u << 8 * details.registers.size()) - 1;
  noteSharedWrites(warp, addresses.address, rows, 16);
  for (size_t i = 0; i < details.registers.size(); ++i) {
    uint16_t matrix[8][8];
    const uint32_t *source = warp.lanes<uint32_t>(details.registers[i]);
    for (unsigned lane = 0; lane < 32; ++lane)
      for (unsigned part = 0; part < 2; ++part) {
        unsigned row = lane / 4, column = lane % 4 * 2 + part;
        (details.isTransposed ? matrix[column][row] : matrix[row][column]) =
            static_cast<uint16_t>(source[lane] >> 16 * part);
      }
    for (unsigned row = 0; row < 8; ++row)
      memcpy(addresses.host[8 * i + row], matrix[row], 16);
  }
}

void decodeMatrices(Decoder &decoder, const Statement &statement, Instruction &instruction) {
  bool isLoad = statement.name() == "ldmatrix";
  expectOperands(statement, 2, 2);
  if (!statement.has("m8n8") || !statement.has("b16"))
    throw Error("only m8n8 of b16 is supported");
  auto &details = decoder.addDetails<MatrixDetails>(instruction);
  details.isTransposed = statement.has("trans");
  const std::string &registers = statement.operands[isLoad ? 0 : 1];
  details.registers = isLoad ? decoder.writeList(registers, 4) : decoder.readList(registers, 4);
  size_t count = statement.has("x4") ? 4 : statement.has("x2") ? 2 : 1;
  if (details.registers.size() != count)
    throw Error("needs " + std::to_string(count) + " registers");
  for (RegisterOffset &slot : details.registers)
    if (slot == Decoder::ignored)
      slot = decoder.temporary(4);
  Address address = decoder.address(statement.operands[isLoad ? 1 : 0]);
  instruction.a = address.base;
  instruction.value = address.displacement;
  details.baseBytes = address.baseBytes;
  instruction.flow = Flow::Aligned;
  instruction.run = isLoad ? loadMatrices : storeMatrices;
}

void transpose(Warp &warp, const Instruction &instruction, uint32_t lanes) {
  if (lanes != allLanes)
    throw Error("a matrix instruction that not all lanes of the warp reach");
  uint16_t matrix[8][8];
  memcpy(matrix, warp.lanes<uint32_t>(instruction.a),
         sizeof matrix); // lane 4 * r + c / 2 holds row r, columns c and c + 1
  uint16_t result[8][8];
  for (unsigned row = 0; row < 8; ++row)
    for (unsigned column = 0; column < 8; ++column)
      result[column][row] = matrix[row][column];
  memcpy(warp.lanes<uint32_t>(instruction.destination), result, sizeof result);
}
} // namespace

void addMatrixLoads(OpcodeTable &table) {
  table["ldmatrix"] = decodeMatrices;
  table["stmatrix"] = decodeMatrices;
  table["movmatrix"] = [](Decoder &decoder, const Statement &statement, Instruction &instruction) {
    decodeOperands(decoder, statement, instruction, 4, 1);
    instruction.flow = Flow::Aligned;
    instruction.run = transpose;
  };
}

} // namespace fake_cuda

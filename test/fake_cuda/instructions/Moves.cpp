// SPDX-License-Identifier: Apache-2.0
// mov, with vectors packed and unpacked, and cvta.
#include "test/fake_cuda/instructions/Families.h"
#include "test/fake_cuda/instructions/Lanes.h"
#include "test/fake_cuda/machine/Block.h"
#include "test/fake_cuda/machine/Windows.h"
#include <cstring>

namespace fake_cuda {

namespace {

template <typename T> T same(T x) { return x; }

void movePredicate(Warp &warp, const Instruction &instruction, uint32_t lanes) {
  uint32_t &destination = warp.predicate(instruction.destination);
  destination = (destination & ~lanes) | (warp.predicate(instruction.a) & lanes);
}

struct PartDetails : Details {
  std::vector<RegisterOffset> parts;
  unsigned partBytes = 0, wholeBytes = 0;
};

void pack(Warp &warp, const Instruction &instruction, uint32_t lanes) {
  const auto &details = *static_cast<const PartDetails *>(instruction.details);
  alignas(64) uint8_t result[32 * 16];
  for (size_t i = 0; i < details.parts.size(); ++i)
    for (unsigned lane = 0; lane < 32; ++lane)
      memcpy(&result[size_t{lane} * details.wholeBytes + i * details.partBytes],
             warp.registers + details.parts[i] + size_t{lane} * details.partBytes, details.partBytes);
  forEachLane(lanes, [&](unsigned lane) {
    memcpy(warp.registers + instruction.destination + size_t{lane} * details.wholeBytes,
           &result[size_t{lane} * details.wholeBytes], details.wholeBytes);
  });
}

void unpack(Warp &warp, const Instruction &instruction, uint32_t lanes) {
  const auto &details = *static_cast<const PartDetails *>(instruction.details);
  alignas(64) uint8_t source[32 * 16];
  memcpy(source, warp.registers + instruction.a, static_cast<size_t>(32) * details.wholeBytes);
  for (size_t i = 0; i < details.parts.size(); ++i)
    if (details.parts[i] != Decoder::ignored)
      forEachLane(lanes, [&](unsigned lane) {
        memcpy(warp.registers + details.parts[i] + size_t{lane} * details.partBytes,
               &source[size_t{lane} * details.wholeBytes + i * details.partBytes], details.partBytes);
      });
}

/// %clock and its like: the instructions that the warp has run.
template <typename T> void readClock(Warp &warp, const Instruction &instruction, uint32_t lanes) {
  forEachLane(lanes, [&](unsigned lane) {
    warp.lanes<T>(instruction.destination)[lane] = static_cast<T>(warp.instructions * 4);
  });
}

void decodeMove(Decoder &decoder, const Statement &statement, Instruction &instruction) {
  Type type = lastType(statement);
  expectOperands(statement, 2, 2);
  const std::string &to = statement.operands[0], &from = statement.operands[1];
  if (type == Type::Pred) {
    instruction.a = decoder.readPredicate(from);
    instruction.destination = decoder.writePredicate(to);
    instruction.run = movePredicate;
    return;
  }
  unsigned bytes = bytesOf(type);
  if (to.starts_with('{') || from.starts_with('{')) {
    bool isPack = from.starts_with('{');
    auto &details = decoder.addDetails<PartDetails>(instruction);
    size_t count = splitOutsideBrackets((isPack ? from : to).substr(1), ',').size();
    details.wholeBytes = bytes;
    details.partBytes = static_cast<unsigned>(bytes / count);
    if (details.partBytes < 2)
      throw Error("vectors of bytes are not supported");
    if (isPack) {
      details.parts = decoder.readList(from, details.partBytes);
      instruction.destination = decoder.write(to, bytes);
    } else {
      instruction.a = decoder.read(from, bytes);
      details.parts = decoder.writeList(to, details.partBytes);
    }
    instruction.run = isPack ? pack : unpack;
    return;
  }
  if (from == "%clock" || from == "%clock_hi" || from == "%clock64" || from == "%globaltimer" ||
      from == "%globaltimer_lo") {
    instruction.destination = decoder.write(to, bytes);
    instruction.run = bytes == 8 ? readClock<uint64_t> : readClock<uint32_t>;
    return;
  }
  instruction.a = decoder.read(from, bytes);
  instruction.destination = decoder.write(to, bytes);
  instruction.run = bytes == 2   ? unary<uint16_t, uint16_t, same<uint16_t>>
                    : bytes == 4 ? unary<uint32_t, uint32_t, same<uint32_t>>
                                 : unary<uint64_t, uint64_t, same<uint64_t>>;
  if (bytes == 16)
    instruction.run = unary<unsigned __int128, unsigned __int128, same<unsigned __int128>>;
}

void addValue(Warp &warp, const Instruction &instruction, uint32_t lanes) {
  const uint64_t *a = warp.lanes<uint64_t>(instruction.a);
  alignas(64) uint64_t result[32];
  for (unsigned lane = 0; lane < 32; ++lane)
    result[lane] = a[lane] + static_cast<uint64_t>(instruction.value);
  writeLanes(warp.lanes<uint64_t>(instruction.destination), result, lanes);
}

void decodeConvertAddress(Decoder &decoder, const Statement &statement, Instruction &instruction) {
  decodeOperands(decoder, statement, instruction, 8, 1);
  uint64_t window = 0;
  for (const std::string &modifier : statement.opcode) {
    if (modifier.starts_with("shared"))
      window = sharedWindow;
    else if (modifier == "local")
      window = localWindow;
    else if (modifier.starts_with("param"))
      window = parameterWindow;
  }
  instruction.value = static_cast<int64_t>(statement.has("to") ? -window : window);
  instruction.run = addValue;
}

/// isspacep: which window an address is in.
void isInSpace(Warp &warp, const Instruction &instruction, uint32_t lanes) {
  uint32_t result = 0;
  forEachLane(lanes, [&](unsigned lane) {
    uint64_t window = warp.lanes<uint64_t>(instruction.a)[lane] & (255ull << 56);
    result |= static_cast<uint32_t>(window == static_cast<uint64_t>(instruction.value)) << lane;
  });
  uint32_t &destination = warp.predicate(instruction.destination);
  destination = (destination & ~lanes) | result;
}

void decodeIsInSpace(Decoder &decoder, const Statement &statement, Instruction &instruction) {
  expectOperands(statement, 2, 2);
  instruction.a = decoder.read(statement.operands[1], 8);
  instruction.destination = decoder.writePredicate(statement.operands[0]);
  const std::string &space = statement.opcode.at(1);
  instruction.value = static_cast<int64_t>(space.starts_with("shared")  ? sharedWindow
                                           : space == "local"           ? localWindow
                                           : space.starts_with("param") ? parameterWindow
                                                                        : 0);
  instruction.run = isInSpace;
}
} // namespace

void addMoves(OpcodeTable &table) {
  table["mov"] = decodeMove;
  table["cvta"] = decodeConvertAddress;
  table["isspacep"] = decodeIsInSpace;
}

} // namespace fake_cuda

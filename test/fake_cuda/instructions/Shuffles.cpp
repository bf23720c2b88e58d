// SPDX-License-Identifier: Apache-2.0
// What the lanes of a warp exchange: shfl, vote, redux, match, activemask, elect.
#include "test/fake_cuda/instructions/Families.h"
#include "test/fake_cuda/instructions/Lanes.h"
#include <algorithm>
#include <cstring>

namespace fake_cuda {

namespace {

enum class Mode { Up, Down, Butterfly, Index };

struct ShuffleDetails : Details {
  RegisterOffset valid = Decoder::ignored; // d|p
  RegisterOffset members = Decoder::ignored;
};

/// All lanes that the membership mask names have to be here; those that have ended do not count.
void checkMembers(Warp &warp, RegisterOffset slot, uint32_t lanes) {
  if (slot == Decoder::ignored)
    return;
  forEachLane(lanes, [&](unsigned lane) {
    uint32_t members = warp.lanes<uint32_t>(slot)[lane] & warp.live;
    if (!(members >> lane & 1))
      throw Error("lane " + std::to_string(lane) + " is not in its own membership mask");
    if (members & ~lanes)
      throw Error("lanes of the membership mask do not take part");
  });
}

template <Mode mode> void shuffle(Warp &warp, const Instruction &instruction, uint32_t lanes) {
  const auto &details = *static_cast<const ShuffleDetails *>(instruction.details);
  checkMembers(warp, details.members, lanes);
  uint32_t source[32];
  memcpy(source, warp.lanes<uint32_t>(instruction.a), sizeof source);
  const uint32_t *b = warp.lanes<uint32_t>(instruction.b), *c = warp.lanes<uint32_t>(instruction.c);
  alignas(64) uint32_t result[32] = {};
  uint32_t validLanes = 0;
  forEachLane(lanes, [&](unsigned lane) {
    auto own = static_cast<int>(lane);
    int by = static_cast<int>(b[lane] & 31), clamp = static_cast<int>(c[lane] & 31),
        segment = static_cast<int>(c[lane] >> 8 & 31);
    int most = (own & segment) | (clamp & ~segment), from = own;
    bool isValid = false;
    switch (mode) {
    case Mode::Up:
      from = own - by;
      isValid = from >= most;
      break;
    case Mode::Down:
      from = own + by;
      isValid = from <= most;
      break;
    case Mode::Butterfly:
      from = own ^ by;
      isValid = from <= most;
      break;
    case Mode::Index:
      from = (own & segment) | (by & ~segment);
      isValid = from <= most;
      break;
    }
    if (!isValid)
      from = own;
    if (!(lanes >> from & 1))
      throw Error("lane " + std::to_string(lane) + " reads lane " + std::to_string(from) +
                  ", which does not take part");
    result[lane] = source[from];
    validLanes |= static_cast<uint32_t>(isValid) << lane;
  });
  writeLanes(warp.lanes<uint32_t>(instruction.destination), result, lanes);
  if (details.valid != Decoder::ignored) {
    uint32_t &valid = warp.predicate(details.valid);
    valid = (valid & ~lanes) | validLanes;
  }
}

/// Decodes a membership mask; with all lanes in it, the instruction waits for all lanes of the warp.
RegisterOffset membersOf(Decoder &decoder, const std::string &operand, Instruction &instruction) {
  if (decoder.isImmediate(operand) && static_cast<uint32_t>(decoder.immediate(operand)) == allLanes) {
    instruction.flow = Flow::Aligned;
    return Decoder::ignored;
  }
  return decoder.read(operand, 4);
}

void decodeShuffle(Decoder &decoder, const Statement &statement, Instruction &instruction) {
  if (!statement.has("sync"))
    throw Error("only shfl.sync exists on the GPUs that are modelled");
  expectOperands(statement, 5, 5);
  auto &details = decoder.addDetails<ShuffleDetails>(instruction);
  std::vector<std::string> results = splitOutsideBrackets(statement.operands[0], '|');
  instruction.a = decoder.read(statement.operands[1], 4);
  instruction.b = decoder.read(statement.operands[2], 4);
  instruction.c = decoder.read(statement.operands[3], 4);
  instruction.destination = decoder.write(results[0], 4);
  if (results.size() == 2)
    details.valid = decoder.writePredicate(results[1]);
  details.members = membersOf(decoder, statement.operands[4], instruction);
  const std::string &mode = statement.opcode.at(2);
  instruction.run = mode == "up"     ? shuffle<Mode::Up>
                    : mode == "down" ? shuffle<Mode::Down>
                    : mode == "bfly" ? shuffle<Mode::Butterfly>
                                     : shuffle<Mode::Index>;
}

struct VoteDetails : Details {
  RegisterOffset members = Decoder::ignored;
  uint32_t flip = 0;
  char mode = 0; // 'l' all, 'n' any, 'u' uni, 'b' ballot
};

void vote(Warp &warp, const Instruction &instruction, uint32_t lanes) {
  const auto &details = *static_cast<const VoteDetails *>(instruction.details);
  checkMembers(warp, details.members, lanes);
  uint32_t ballot = (warp.predicate(instruction.a) ^ details.flip) & lanes;
  if (details.mode == 'b') {
    forEachLane(lanes, [&](unsigned lane) { warp.lanes<uint32_t>(instruction.destination)[lane] = ballot; });
    return;
  }
  bool holds = details.mode == 'l'   ? ballot == lanes
               : details.mode == 'n' ? ballot != 0
                                     : ballot == 0 || ballot == lanes;
  uint32_t &destination = warp.predicate(instruction.destination);
  destination = (destination & ~lanes) | (holds ? lanes : 0);
}

void decodeVote(Decoder &decoder, const Statement &statement, Instruction &instruction) {
  if (!statement.has("sync"))
    throw Error("only vote.sync exists on the GPUs that are modelled");
  expectOperands(statement, 3, 3);
  auto &details = decoder.addDetails<VoteDetails>(instruction);
  std::string_view predicate = statement.operands[1];
  details.flip = predicate.starts_with('!') ? ~0u : 0;
  instruction.a = decoder.readPredicate(std::string(predicate.substr(predicate.starts_with('!'))));
  details.mode = statement.has("all") ? 'l' : statement.has("any") ? 'n' : statement.has("uni") ? 'u' : 'b';
  instruction.destination =
      details.mode == 'b' ? decoder.write(statement.operands[0], 4) : decoder.writePredicate(statement.operands[0]);
  details.members = membersOf(decoder, statement.operands[2], instruction);
  instruction.run = vote;
}

template <typename T, auto function> void reduce(Warp &warp, const Instruction &instruction, uint32_t lanes) {
  checkMembers(warp, static_cast<const VoteDetails *>(instruction.details)->members, lanes);
  const T *a = warp.lanes<T>(instruction.a);
  T result = a[__builtin_ctz(lanes)];
  forEachLane(lanes & (lanes - 1), [&](unsigned lane) { result = function(result, a[lane]); });
  forEachLane(lanes, [&](unsigned lane) { warp.lanes<T>(instruction.destination)[lane] = result; });
}

void decodeReduction(Decoder &decoder, const Statement &statement, Instruction &instruction) {
  expectOperands(statement, 3, 3);
  auto &details = decoder.addDetails<VoteDetails>(instruction);
  Type type = lastType(statement);
  instruction.a = decoder.read(statement.operands[1], 4);
  instruction.destination = decoder.write(statement.operands[0], 4);
  details.members = membersOf(decoder, statement.operands[2], instruction);
  using U = uint32_t;
  using S = int32_t;
  const std::string &name = statement.opcode.at(2);
  if (name == "add")
    instruction.run = reduce<U, [](U x, U y) { return x + y; }>;
  else if (name == "and")
    instruction.run = reduce<U, [](U x, U y) { return x & y; }>;
  else if (name == "or")
    instruction.run = reduce<U, [](U x, U y) { return x | y; }>;
  else if (name == "xor")
    instruction.run = reduce<U, [](U x, U y) { return x ^ y; }>;
  else if (name == "min")
    instruction.run = type == Type::S32 ? reduce<S, [](S x, S y) { return std::min(x, y); }>
                                        : reduce<U, [](U x, U y) { return std::min(x, y); }>;
  else if (name == "max")
    instruction.run = type == Type::S32 ? reduce<S, [](S x, S y) { return std::max(x, y); }>
                                        : reduce<U, [](U x, U y) { return std::max(x, y); }>;
  else
    throw Error("reduction '" + name + "'");
}

void decodeActiveMask(Decoder &decoder, const Statement &statement, Instruction &instruction) {
  expectOperands(statement, 1, 1);
  instruction.destination = decoder.write(statement.operands[0], 4);
  instruction.run = [](Warp &warp, const Instruction &self, uint32_t lanes) {
    forEachLane(lanes, [&](unsigned lane) { warp.lanes<uint32_t>(self.destination)[lane] = lanes; });
  };
}

/// elect.sync d|p, members: true in one lane, here the first.
void elect(Warp &warp, const Instruction &instruction, uint32_t lanes) {
  auto first = static_cast<uint32_t>(__builtin_ctz(lanes));
  uint32_t &destination = warp.predicate(instruction.destination);
  destination = (destination & ~lanes) | 1u << first;
  forEachLane(lanes, [&](unsigned lane) { warp.lanes<uint32_t>(instruction.a)[lane] = first; });
}

void decodeElect(Decoder &decoder, const Statement &statement, Instruction &instruction) {
  expectOperands(statement, 2, 2);
  std::vector<std::string> results = splitOutsideBrackets(statement.operands[0], '|');
  if (results.size() != 2)
    throw Error("elect.sync needs d|p");
  instruction.a = decoder.write(results[0], 4);
  instruction.destination = decoder.writePredicate(results[1]);
  instruction.flow = Flow::Aligned;
  instruction.run = elect;
}

template <typename T> void matchAny(Warp &warp, const Instruction &instruction, uint32_t lanes) {
  const T *a = warp.lanes<T>(instruction.a);
  alignas(64) uint32_t result[32] = {};
  forEachLane(lanes, [&](unsigned lane) {
    forEachLane(lanes, [&](unsigned other) { result[lane] |= static_cast<uint32_t>(a[lane] == a[other]) << other; });
  });
  writeLanes(warp.lanes<uint32_t>(instruction.destination), result, lanes);
}

void decodeMatch(Decoder &decoder, const Statement &statement, Instruction &instruction) {
  expectOperands(statement, 3, 3);
  unsigned bytes = bytesOf(lastType(statement));
  if (!statement.has("any"))
    throw Error("only match.any is supported");
  instruction.a = decoder.read(statement.operands[1], bytes);
  instruction.destination = decoder.write(statement.operands[0], 4);
  membersOf(decoder, statement.operands[2], instruction);
  instruction.run = bytes == 8 ? matchAny<uint64_t> : matchAny<uint32_t>;
}
} // namespace

void addShuffles(OpcodeTable &table) {
  table["shfl"] = decodeShuffle;
  table["vote"] = decodeVote;
  table["redux"] = decodeReduction;
  table["activemask"] = decodeActiveMask;
  table["elect"] = decodeElect;
  table["match"] = decodeMatch;
}

} // namespace fake_cuda

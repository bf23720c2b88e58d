// SPDX-License-Identifier: Apache-2.0
// atom and red. Lanes take turns in their order; warps and blocks as the schedule has it.
#include "test/fake_cuda/instructions/Families.h"
#include "test/fake_cuda/instructions/FloatBits.h"
#include "test/fake_cuda/instructions/GlobalAccess.h"
#include "test/fake_cuda/instructions/Lanes.h"
#include "test/fake_cuda/machine/Block.h"
#include <algorithm>
#include <cstring>

namespace fake_cuda {

namespace {

struct AtomicDetails : Details {
  Space space = Space::Generic;
  unsigned baseBytes = 8;
  RegisterOffset swapped = 0; // cas: the new value
  bool hasResult = false;
};

template <typename T, T (*function)(T, T, T)> void atomic(Warp &warp, const Instruction &instruction, uint32_t lanes) {
  const auto &details = *static_cast<const AtomicDetails *>(instruction.details);
  LaneAddresses addresses;
  computeAddresses(warp, instruction.a, details.baseBytes, instruction.value, details.space, lanes, addresses);
  resolve(warp, lanes, sizeof(T), addresses);
  if (warp.block->options->countsTraffic)
    countRequest(warp, addresses, lanes, sizeof(T));
  T values[32], swapped[32];
  memcpy(values, warp.lanes<T>(instruction.b), sizeof values);
  memcpy(swapped, warp.lanes<T>(details.swapped), sizeof swapped);
  forEachLane(lanes, [&](unsigned lane) {
    T old;
    memcpy(&old, addresses.host[lane], sizeof old);
    T next = function(old, values[lane], swapped[lane]);
    memcpy(addresses.host[lane], &next, sizeof next);
    if (details.hasResult)
      warp.lanes<T>(instruction.destination)[lane] = old;
  });
}

template <typename T> T add(T old, T value, T) { return static_cast<T>(old + value); }
template <typename T> T exchange(T, T value, T) { return value; }
template <typename T> T compareAndSwap(T old, T expected, T value) { return old == expected ? value : old; }
template <typename T> T bitAnd(T old, T value, T) { return old & value; }
template <typename T> T bitOr(T old, T value, T) { return old | value; }
template <typename T> T bitXor(T old, T value, T) { return old ^ value; }
template <typename T> T minimum(T old, T value, T) { return std::min(old, value); }
template <typename T> T maximum(T old, T value, T) { return std::max(old, value); }
template <typename T> T increment(T old, T limit, T) { return old >= limit ? 0 : old + 1; }
template <typename T> T decrement(T old, T limit, T) { return old == 0 || old > limit ? limit : old - 1; }
template <uint16_t (*narrow)(float), float (*wide)(uint16_t)> uint16_t addHalf(uint16_t old, uint16_t value, uint16_t) {
  return narrow(wide(old) + wide(value));
}
template <uint16_t (*narrow)(float), float (*wide)(uint16_t)> uint32_t addPair(uint32_t old, uint32_t value, uint32_t) {
  auto low = addHalf<narrow, wide>(static_cast<uint16_t>(old), static_cast<uint16_t>(value), 0);
  auto high = addHalf<narrow, wide>(static_cast<uint16_t>(old >> 16), static_cast<uint16_t>(value >> 16), 0);
  return low | static_cast<uint32_t>(high) << 16;
}

template <typename T> Handler chooseInteger(const std::string &operation) {
  if (operation == "add")
    return atomic<T, add<T>>;
  if (operation == "exch")
    return atomic<T, exchange<T>>;
  if (operation == "cas")
    return atomic<T, compareAndSwap<T>>;
  if (operation == "and")
    return atomic<T, bitAnd<T>>;
  if (operation == "or")
    return atomic<T, bitOr<T>>;
  if (operation == "xor")
    return atomic<T, bitXor<T>>;
  if (operation == "min")
    return atomic<T, minimum<T>>;
  if (operation == "max")
    return atomic<T, maximum<T>>;
  if (operation == "inc")
    return atomic<T, increment<T>>;
  if (operation == "dec")
    return atomic<T, decrement<T>>;
  throw Error("atomic operation '" + operation + "'");
}

Handler choose(Type type, const std::string &operation) {
  if (type == Type::F32 || type == Type::F64 || type == Type::F16 || type == Type::F16x2 || type == Type::BF16 ||
      type == Type::BF16x2) {
    if (operation != "add")
      throw Error("atomic operation '" + operation + "' of floats");
    return type == Type::F32     ? atomic<float, add<float>>
           : type == Type::F64   ? atomic<double, add<double>>
           : type == Type::F16   ? atomic<uint16_t, addHalf<floatToHalf, halfToFloat>>
           : type == Type::F16x2 ? atomic<uint32_t, addPair<floatToHalf, halfToFloat>>
           : type == Type::BF16  ? atomic<uint16_t, addHalf<floatToBfloat, bfloatToFloat>>
                                 : atomic<uint32_t, addPair<floatToBfloat, bfloatToFloat>>;
  }
  Handler result = nullptr;
  withInteger(type, [&](auto zero) { result = chooseInteger<decltype(zero)>(operation); });
  return result;
}

void decodeAtomic(Decoder &decoder, const Statement &statement, Instruction &instruction) {
  Type type = lastType(statement);
  bool isReduction = statement.name() == "red";
  std::string operation;
  auto &details = decoder.addDetails<AtomicDetails>(instruction);
  for (const std::string &modifier : statement.opcode) {
    if (modifier == "global")
      details.space = Space::Global;
    else if (modifier == "shared" || modifier == "shared::cta")
      details.space = Space::Shared;
    for (const char *name : {"add", "exch", "cas", "and", "or", "xor", "min", "max", "inc", "dec"})
      if (modifier == name)
        operation = modifier;
    if (modifier == "v2" || modifier == "v4" || modifier == "v8")
      throw Error("vectors are not supported");
  }
  size_t next = isReduction ? 0 : 1;
  size_t count = next + 2 + (operation == "cas");
  expectOperands(statement, count, count + 1);
  Address address = decoder.address(statement.operands[next]);
  instruction.a = address.base;
  instruction.value = address.displacement;
  details.baseBytes = address.baseBytes;
  unsigned bytes = bytesOf(type);
  instruction.b = decoder.read(statement.operands[next + 1], bytes);
  details.swapped = operation == "cas" ? decoder.read(statement.operands[next + 2], bytes) : instruction.b;
  details.hasResult = !isReduction && statement.operands[0] != "_";
  if (details.hasResult)
    instruction.destination = decoder.write(statement.operands[0], bytes);
  instruction.run = choose(type, operation);
}
} // namespace

void addAtomics(OpcodeTable &table) {
  table["atom"] = decodeAtomic;
  table["red"] = decodeAtomic;
}

} // namespace fake_cuda

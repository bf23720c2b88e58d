// SPDX-License-Identifier: Apache-2.0
// ld, ldu and st of all spaces, scalars and vectors.
#include "test/fake_cuda/instructions/Families.h"
#include "test/fake_cuda/instructions/GlobalAccess.h"
#include "test/fake_cuda/instructions/Lanes.h"
#include "test/fake_cuda/machine/Block.h"
#include "test/fake_cuda/machine/Races.h"
#include <cstring>

namespace fake_cuda {

namespace {

struct AccessDetails : Details {
  std::vector<std::pair<RegisterOffset, unsigned>> values; // with the bytes of a lane
  Space space = Space::Generic;
  unsigned baseBytes = 8, elementBytes = 0, totalBytes = 0;
  bool isSigned = false;
};

template <typename Memory, typename Register>
void loadElement(Warp &warp, const LaneAddresses &addresses, size_t offset, RegisterOffset slot, uint32_t lanes) {
  Register *destination = warp.lanes<Register>(slot);
  if (lanes == allLanes) {
    for (unsigned lane = 0; lane < 32; ++lane) {
      Memory value;
      memcpy(&value, addresses.host[lane] + offset, sizeof value);
      destination[lane] = static_cast<Register>(value); // NOLINT(bugprone-signed-char-misuse): the sign is extended
    }
    return;
  }
  forEachLane(lanes, [&](unsigned lane) {
    Memory value;
    memcpy(&value, addresses.host[lane] + offset, sizeof value);
    destination[lane] = static_cast<Register>(value); // NOLINT(bugprone-signed-char-misuse): the sign is extended
  });
}

template <typename Memory>
void loadElements(Warp &warp, const AccessDetails &details, const LaneAddresses &addresses, uint32_t lanes) {
  for (size_t i = 0; i < details.values.size(); ++i) {
    auto [slot, bytes] = details.values[i];
    if (slot == Decoder::ignored)
      continue;
    size_t offset = i * sizeof(Memory);
    // Narrow values are extended to the register's width.
    if (bytes == 2)
      loadElement<Memory, uint16_t>(warp, addresses, offset, slot, lanes);
    else if (bytes == 4)
      loadElement<Memory, uint32_t>(warp, addresses, offset, slot, lanes);
    else if (bytes == 8)
      loadElement<Memory, uint64_t>(warp, addresses, offset, slot, lanes);
    else
      loadElement<unsigned __int128, unsigned __int128>(warp, addresses, offset, slot, lanes);
  }
}

void prepareAccess(Warp &warp, const Instruction &instruction, uint32_t lanes, const AccessDetails &details,
                   LaneAddresses &addresses) {
  computeAddresses(warp, instruction.a, details.baseBytes, instruction.value, details.space, lanes, addresses);
  resolve(warp, lanes, details.totalBytes, addresses);
  if (warp.block->options->countsTraffic)
    countRequest(warp, addresses, lanes, details.totalBytes);
}

template <typename Memory> void load(Warp &warp, const Instruction &instruction, uint32_t lanes) {
  const auto &details = *static_cast<const AccessDetails *>(instruction.details);
  LaneAddresses addresses;
  prepareAccess(warp, instruction, lanes, details, addresses);
  noteSharedReads(warp, addresses.address, lanes, details.totalBytes);
  loadElements<Memory>(warp, details, addresses, lanes);
}

/// Parameters of a kernel at a fixed offset: the same for every lane.
template <typename Memory> void loadParameter(Warp &warp, const Instruction &instruction, uint32_t lanes) {
  const auto &details = *static_cast<const AccessDetails *>(instruction.details);
  LaneAddresses addresses;
  for (auto &host : addresses.host)
    host = const_cast<uint8_t *>(warp.block->parameters) + instruction.value;
  loadElements<Memory>(warp, details, addresses, lanes);
}

void store(Warp &warp, const Instruction &instruction, uint32_t lanes) {
  const auto &details = *static_cast<const AccessDetails *>(instruction.details);
  LaneAddresses addresses;
  prepareAccess(warp, instruction, lanes, details, addresses);
  noteSharedWrites(warp, addresses.address, lanes, details.totalBytes);
  const unsigned bytes = details.elementBytes;
  for (size_t i = 0; i < details.values.size(); ++i) {
    auto [slot, width] = details.values[i];
    const uint8_t *source = warp.registers + slot;
    auto each = [&](auto element) {
      forEachLane(lanes, [&](unsigned lane) {
        memcpy(addresses.host[lane] + i * sizeof element, source + size_t{lane} * width, sizeof element);
      });
    };
    if (bytes == 4)
      each(uint32_t());
    else if (bytes == 8)
      each(uint64_t());
    else if (bytes == 2)
      each(uint16_t());
    else if (bytes == 1)
      each(uint8_t());
    else
      each(static_cast<unsigned __int128>(0));
  }
}

Space spaceOf(const Statement &statement) {
  for (const std::string &modifier : statement.opcode) {
    if (modifier == "global" || modifier == "const")
      return Space::Global;
    if (modifier == "shared" || modifier == "shared::cta")
      return Space::Shared;
    if (modifier == "local")
      return Space::Local;
    if (modifier == "param" || modifier == "param::entry" || modifier == "param::func")
      return Space::Parameter;
    if (modifier == "shared::cluster")
      throw Error("shared memory of other blocks is not supported");
  }
  return Space::Generic;
}

Handler loadOf(Type type, bool isParameter) {
  auto pick = [&](auto memory) -> Handler {
    return isParameter ? loadParameter<decltype(memory)> : load<decltype(memory)>;
  };
  switch (bytesOf(type)) {
  case 1:
    return isSigned(type) ? pick(int8_t()) : pick(uint8_t());
  case 2:
    return isSigned(type) ? pick(int16_t()) : pick(uint16_t());
  case 4:
    return isSigned(type) ? pick(int32_t()) : pick(uint32_t());
  case 8:
    return pick(uint64_t());
  default:
    return pick(static_cast<unsigned __int128>(0));
  }
}

void decodeAccess(Decoder &decoder, const Statement &statement, Instruction &instruction) {
  Type type = lastType(statement);
  bool isStore = statement.name() == "st";
  expectOperands(statement, 2, 3); // the third is a cache policy
  auto &details = decoder.addDetails<AccessDetails>(instruction);
  details.space = spaceOf(statement);
  details.elementBytes = bytesOf(type);
  const std::string &values = statement.operands[isStore ? 1 : 0], &where = statement.operands[isStore ? 0 : 1];
  if (isStore)
    details.values = decoder.readListWider(values, details.elementBytes);
  else
    details.values = decoder.writeListWider(values);
  details.totalBytes = details.elementBytes * static_cast<unsigned>(details.values.size());
  details.isSigned = isSigned(type);
  if (isStore)
    instruction.run = store;
  else
    instruction.run = loadOf(type, false);
  if (details.space == Space::Parameter) {
    std::string_view inner = trimmed(std::string_view(where).substr(1, where.rfind(']') - 1));
    size_t plus = inner.find('+');
    std::string name(trimmed(inner.substr(0, plus)));
    int64_t displacement =
        plus == std::string_view::npos ? 0 : decoder.immediate(std::string(trimmed(inner.substr(plus + 1))));
    if (name.starts_with('%')) { // a register with an address of the space
      Address address = decoder.address(where);
      instruction.a = address.base;
      instruction.value = address.displacement;
      details.baseBytes = address.baseBytes;
      return;
    }
    Decoder::ParameterLocation location = decoder.parameter(name);
    if (location.isKernelParameter) {
      if (isStore)
        throw Error("store to a parameter of a kernel");
      instruction.value = location.offset + displacement;
      if (instruction.value < 0 || instruction.value + details.totalBytes > decoder.kernel->parameterBytes)
        throw Error("load beyond the kernel's parameters");
      instruction.run = loadOf(type, true);
      return;
    }
    // Parameters of functions are in local memory.
    details.space = Space::Local;
    instruction.a = decoder.constant(location.offset, 8);
    instruction.value = displacement;
    return;
  }
  Address address = decoder.address(where);
  instruction.a = address.base;
  instruction.value = address.displacement;
  details.baseBytes = address.baseBytes;
}

void ignore(Warp &, const Instruction &, uint32_t) {}
void decodePrefetch(Decoder &, const Statement &, Instruction &instruction) { instruction.run = ignore; }
} // namespace

void addLoadsAndStores(OpcodeTable &table) {
  for (const char *name : {"ld", "ldu", "st"})
    table[name] = decodeAccess;
  for (const char *name : {"prefetch", "prefetchu", "discard", "applypriority"})
    table[name] = decodePrefetch;
  // createpolicy's result only steers caches, but it has to be a value.
  table["createpolicy"] = [](Decoder &decoder, const Statement &statement, Instruction &instruction) {
    instruction.a = decoder.constant(0, 8);
    instruction.destination = decoder.write(statement.operands.at(0), 8);
    instruction.run = unary<uint64_t, uint64_t, [](uint64_t x) { return x; }>;
  };
}

} // namespace fake_cuda

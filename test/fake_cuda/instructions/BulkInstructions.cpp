// SPDX-License-Identifier: Apache-2.0
// cp.async.bulk, cp.async.bulk.tensor, cp.reduce.async.bulk.tensor: what lanes issue and wait for.
#include "test/fake_cuda/instructions/Families.h"
#include "test/fake_cuda/instructions/Lanes.h"
#include "test/fake_cuda/instructions/TensorQueue.h"
#include "test/fake_cuda/machine/Block.h"
#include "test/fake_cuda/machine/Races.h"
#include <cstring>

namespace fake_cuda {

namespace {

constexpr unsigned longestDelay = 40; // turns of the block's warps

struct BulkDetails : Details {
  bool isTensor = false, toShared = true;
  Address shared, global, barrier; // `global` is the tensor map's address of a tensor copy
  std::vector<RegisterOffset> at;
  RegisterOffset bytes = 0;
  char reduction = 0;
};

uint64_t valueOf(Warp &warp, const Address &address, unsigned lane) {
  uint64_t base =
      address.baseBytes == 4 ? warp.lanes<uint32_t>(address.base)[lane] : warp.lanes<uint64_t>(address.base)[lane];
  return base + static_cast<uint64_t>(address.displacement);
}

TensorMap readMap(Warp &warp, uint64_t address, size_t rank) {
  if (address % 64)
    throw Error("the address of a tensor map is not a multiple of 64");
  TensorMap map;
  if (address >= parameterWindow && address < parameterWindow + windowBytes) {
    uint64_t offset = address - parameterWindow;
    if (offset + sizeof map > warp.block->parameterBytes)
      throw Error("a tensor map beyond the kernel's parameters");
    memcpy(&map, warp.block->parameters + offset, sizeof map);
  } else {
    memcpy(&map, warp.block->memory->at(address, sizeof map), sizeof map);
  }
  if (map.magic != TensorMap::expectedMagic)
    throw Error("no tensor map at this address");
  if (map.rank != rank)
    throw Error("a tensor map of rank " + std::to_string(map.rank) + " with " + std::to_string(rank) + " coordinates");
  return map;
}

TensorQueue &queueOf(Warp &warp) {
  if (!warp.block->tensorCopies)
    warp.block->tensorCopies = std::make_unique<TensorQueue>();
  return *warp.block->tensorCopies;
}

void issue(Warp &warp, const Instruction &instruction, uint32_t lanes) {
  const auto &details = *static_cast<const BulkDetails *>(instruction.details);
  Block &block = *warp.block;
  forEachLane(lanes, [&](unsigned lane) {
    BulkCopy copy;
    copy.isTensor = details.isTensor;
    copy.toShared = details.toShared;
    copy.reduction = details.reduction;
    copy.warp = warp.number;
    copy.shared = static_cast<uint32_t>(valueOf(warp, details.shared, lane));
    if (details.isTensor) {
      copy.map = readMap(warp, valueOf(warp, details.global, lane), details.at.size());
      copy.bytes = copy.map.elementBytes;
      for (unsigned d = 0; d < copy.map.rank; ++d) {
        copy.bytes *= copy.map.box[d];
        copy.at[d] = static_cast<int32_t>(warp.lanes<uint32_t>(details.at[d])[lane]);
      }
      // Swizzled rows repeat every 256, 512 or 1024 bytes, and the pattern follows the address.
      unsigned alignment = copy.map.swizzle == 3   ? 1024
                           : copy.map.swizzle == 2 ? 512
                           : copy.map.swizzle == 1 ? 256
                                                   : 128;
      if (copy.shared % alignment)
        throw Error("shared address " + std::to_string(copy.shared) + " of a tensor copy is not a multiple of " +
                    std::to_string(alignment));
    } else {
      copy.global = valueOf(warp, details.global, lane);
      copy.bytes = warp.lanes<uint32_t>(details.bytes)[lane];
      if (copy.bytes % 16 || copy.shared % 16 || copy.global % 16)
        throw Error("a bulk copy whose size or addresses are not multiples of 16");
    }
    if (copy.shared + copy.bytes > block.sharedBytes)
      throw Error("a bulk copy beyond the end of shared memory");
    if (!copy.toShared) {
      queueOf(warp).stores[warp.number * 32 + lane].open.push_back(std::move(copy));
      return;
    }
    copy.barrier = static_cast<uint32_t>(valueOf(warp, details.barrier, lane));
    copy.delay = block.random() % longestDelay;
    copy.clock = warp.clock;
    if (RaceDetector *races = block.races.get())
      races->writeByAsyncProxy(warp, copy.shared, copy.bytes);
    ++warp.clock[warp.number]; // what the warp does from now on is not ordered before the copy
    copy.clock[warp.number] = warp.clock[warp.number] - 1;
    memset(block.shared + copy.shared, 0xff, copy.bytes);
    queueOf(warp).loads.push_back(std::move(copy));
  });
}

void commitStores(Warp &warp, const Instruction &, uint32_t lanes) {
  forEachLane(lanes, [&](unsigned lane) {
    BulkGroups &groups = queueOf(warp).stores[warp.number * 32 + lane];
    groups.committed.push_back(std::move(groups.open));
    groups.open.clear();
  });
}

/// Stores are done here, as late as they may be.
void waitForStores(Warp &warp, const Instruction &instruction, uint32_t lanes) {
  forEachLane(lanes, [&](unsigned lane) {
    BulkGroups &groups = queueOf(warp).stores[warp.number * 32 + lane];
    for (; groups.committed.size() > static_cast<size_t>(instruction.value); groups.committed.pop_front())
      for (const BulkCopy &copy : groups.committed.front())
        perform(*warp.block, copy);
  });
}

char reductionOf(const Statement &statement) {
  if (statement.opcode.at(1) != "reduce")
    return 0;
  return statement.has("add")   ? 'a'
         : statement.has("min") ? 'm'
         : statement.has("max") ? 'M'
                                : throw Error("this reduction is not supported");
}

/// `[map, {x, y}]`.
void decodeTensorOperand(Decoder &decoder, const std::string &operand, BulkDetails &details) {
  std::vector<std::string> parts =
      splitOutsideBrackets(std::string_view(operand).substr(1, operand.rfind(']') - 1), ',');
  if (parts.size() != 2)
    throw Error("a tensor operand needs [map, {coordinates}]");
  details.global = decoder.address(parts[0]);
  details.at = decoder.readList(parts[1], 4);
}
} // namespace

void decodeBulkCopy(Decoder &decoder, const Statement &statement, Instruction &instruction) {
  if (statement.has("commit_group")) {
    instruction.run = commitStores;
    return;
  }
  if (statement.has("wait_group")) {
    instruction.value = decoder.immediate(statement.operands.at(0));
    instruction.run = waitForStores;
    return;
  }
  if (statement.has("prefetch")) {
    instruction.run = [](Warp &, const Instruction &, uint32_t) {};
    return;
  }
  if (statement.has("multicast::cluster"))
    throw Error("multicast is not supported: clusters have one block");
  for (const std::string &modifier : statement.opcode)
    if (modifier.starts_with("im2col") || modifier.starts_with("tile::"))
      throw Error("'" + modifier + "' is not supported");
  auto &details = decoder.addDetails<BulkDetails>(instruction);
  details.isTensor = statement.has("tensor");
  details.toShared = statement.has("mbarrier::complete_tx::bytes");
  details.reduction = reductionOf(statement);
  const auto &operands = statement.operands;
  if (details.isTensor) {
    decodeTensorOperand(decoder, operands.at(details.toShared ? 1 : 0), details);
    details.shared = decoder.address(operands.at(details.toShared ? 0 : 1));
    if (details.toShared)
      details.barrier = decoder.address(operands.at(2));
  } else {
    if (details.reduction)
      throw Error("only reductions of tensors are supported");
    details.shared = decoder.address(operands.at(details.toShared ? 0 : 1));
    details.global = decoder.address(operands.at(details.toShared ? 1 : 0));
    details.bytes = decoder.read(operands.at(2), 4);
    if (details.toShared)
      details.barrier = decoder.address(operands.at(3));
  }
  instruction.run = issue;
}

} // namespace fake_cuda

// SPDX-License-Identifier: Apache-2.0
// A module decoded for execution: instructions with the functions that run them and the offsets of their operands.
#pragma once
#include "test/fake_cuda/ptx/Source.h"
#include <array>
#include <map>
#include <memory>

namespace fake_cuda {

struct Warp;
struct Instruction;

/// Runs an instruction for the lanes of `lanes`, which is not 0.
using Handler = void (*)(Warp &warp, const Instruction &instruction, uint32_t lanes);

/// What an instruction has beyond three operands; each family derives its own.
struct Details {
  virtual ~Details() = default;
};

enum class Flow : uint8_t {
  Next,     // run, then the next instruction
  Aligned,  // the same, but all live lanes of the warp run it together
  Blocking, // the same as Next, but the warp may have to wait or to repeat it
  AlignedBlocking,
  Branch,
  Call,
  Return,
  Exit,
};

/// A position in a warp's register file, in bytes from its base. Registers have positive offsets, constants and special
/// registers negative ones. A value takes 32 lanes of 2, 4, 8 or 16 bytes; a predicate is one word with a bit per lane.
using RegisterOffset = int32_t;

struct Instruction {
  Handler run = nullptr;
  RegisterOffset guard = 0; // a predicate; an unguarded instruction has the constant that is true in every lane
  uint32_t guardFlip = 0;
  Flow flow = Flow::Next;
  RegisterOffset destination = 0, a = 0, b = 0, c = 0;
  int32_t target = -1;
  int64_t value = 0; // an immediate operand or an address's displacement
  const Details *details = nullptr;
  uint32_t line = 0;
  uint32_t statement = 0; // into Kernel::statements, for messages
};

enum class Special : uint8_t {
  TidX,
  TidY,
  TidZ,
  NtidX,
  NtidY,
  NtidZ,
  CtaidX,
  CtaidY,
  CtaidZ,
  NctaidX,
  NctaidY,
  NctaidZ,
  LaneId,
  WarpId,
  NWarpId,
  LaneMaskEq,
  LaneMaskLt,
  LaneMaskLe,
  LaneMaskGt,
  LaneMaskGe,
  SmId,
  NSmId,
  GridId,
  ClusterCtaRank,
  ClusterNCtaRank,
  DynamicSharedBytes,
  TotalSharedBytes,
};

struct Constant {
  RegisterOffset slot = 0;
  uint64_t value = 0;
  unsigned bytes = 0; // of a lane; 0: a predicate
};

struct SpecialRegister {
  RegisterOffset slot = 0;
  Special special = Special::TidX;
};

struct Parameter {
  uint32_t offset = 0, bytes = 0;
};

struct Kernel {
  std::string name;
  std::vector<Parameter> parameters;
  uint32_t parameterBytes = 0;
  uint32_t staticSharedBytes = 0;
  uint32_t localBytes = 0; // of a lane: variables, stacks of called functions, their parameters
  uint32_t maxThreads = 0, requiredThreads = 0;
  uint32_t registerBytes = 0; // above the base of a warp's register file
  uint32_t constantBytes = 0; // below it
  std::vector<Constant> constants;
  std::vector<SpecialRegister> specials;
  std::vector<Instruction> code;
  std::vector<std::string> statements;
  std::vector<std::unique_ptr<Details>> details;
  /// Whether registers in flight must be watched: the kernel issues wgmma.mma_async.
  bool hasWgmma = false;
  /// Registers that each instruction reads and writes; only with hasWgmma.
  std::vector<std::vector<RegisterOffset>> reads, writes;
};

/// A `.global` or `.const` variable in device memory.
struct GlobalVariable {
  std::vector<uint8_t> data; // initial value
  unsigned alignment = 16;
  uint64_t address = 0;
};

struct Module {
  unsigned target = 0;
  bool isArchitectureExact = false;
  std::map<std::string, Kernel> kernels;
  std::map<std::string, GlobalVariable> globals;
};

/// Allocates device memory for a variable of a module and returns its address.
struct GlobalAllocator {
  virtual ~GlobalAllocator() = default;
  virtual uint64_t allocate(const std::string &name, uint64_t bytes, unsigned alignment) = 0;
};

/// Decodes every kernel of `text`. Throws Error with a line. The caller copies `data` of the globals to their
/// addresses.
std::unique_ptr<Module> loadModule(const std::string &text, GlobalAllocator &allocator);

} // namespace fake_cuda

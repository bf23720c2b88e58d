// SPDX-License-Identifier: Apache-2.0
// From statements to instructions: names to offsets of registers and constants. Each family of instructions adds a
// function per opcode to the table and asks the decoder for its operands.
#pragma once
#include "test/fake_cuda/ptx/Error.h"
#include "test/fake_cuda/ptx/Program.h"
#include <string_view>
#include <unordered_map>
#include <utility>

namespace fake_cuda {

class Decoder;

/// Completes `instruction`, whose guard, line and name are set, from `statement`; throws Error without a line.
using DecodeFunction = void (*)(Decoder &decoder, const Statement &statement, Instruction &instruction);
using OpcodeTable = std::unordered_map<std::string_view, DecodeFunction>;

/// All opcodes; put together on first use.
const OpcodeTable &opcodeTable();

/// `[base + displacement]`: where the base is, and how wide (4 or 8 bytes).
struct Address {
  RegisterOffset base = 0;
  unsigned baseBytes = 8;
  int64_t displacement = 0;
};

class Decoder {
public:
  Decoder(const Source &source, Module &module) : source(source), module(module) {}
  void decodeKernel(const Function &function);

  /// The offset of an operand that is read: a register, a special register, an immediate or a variable's address. An
  /// immediate becomes a constant of `bytes` a lane; a register must have as many.
  RegisterOffset read(const std::string &operand, unsigned bytes);
  /// The same for a register that may be wider than what is read of it; `bytes` receives its width.
  RegisterOffset readWider(const std::string &operand, unsigned &bytes);
  /// The offset of a register that is written.
  RegisterOffset write(const std::string &operand, unsigned bytes);
  RegisterOffset writeWider(const std::string &operand, unsigned &bytes);
  RegisterOffset readPredicate(const std::string &operand);
  RegisterOffset writePredicate(const std::string &operand);
  /// The operands of `{%r1, %r2}`, or the only one; "_" is skipped as `ignored`.
  static constexpr RegisterOffset ignored = INT32_MIN;
  std::vector<RegisterOffset> readList(const std::string &operand, unsigned bytes);
  std::vector<RegisterOffset> writeList(const std::string &operand, unsigned bytes);
  std::vector<std::pair<RegisterOffset, unsigned>> readListWider(const std::string &operand, unsigned bytes);
  std::vector<std::pair<RegisterOffset, unsigned>> writeListWider(const std::string &operand);
  /// `[...]`, or the same without brackets.
  Address address(const std::string &operand);
  int64_t immediate(const std::string &operand);
  bool isImmediate(const std::string &operand) const;
  bool isPredicateRegister(const std::string &operand) const;
  /// A constant in every lane.
  RegisterOffset constant(uint64_t value, unsigned bytes);
  RegisterOffset special(Special special);
  /// A register that no name has.
  RegisterOffset temporary(unsigned bytes);

  template <typename T> T &addDetails(Instruction &instruction) {
    auto details = std::make_unique<T>();
    T &result = *details;
    instruction.details = details.get();
    kernel->details.push_back(std::move(details));
    return result;
  }

  /// Where a `.param` variable of the function being decoded is: in the launch's parameters, or in local memory.
  struct ParameterLocation {
    bool isKernelParameter = false;
    uint32_t offset = 0;
  };
  ParameterLocation parameter(const std::string &name) const;
  /// Makes `instruction` a jump to the function's code, which is decoded after the kernel's own.
  struct Callee {
    std::vector<uint32_t> parameters, results; // offsets in local memory
    std::vector<uint32_t> parameterBytes, resultBytes;
  };
  Callee callee(const std::string &name, Instruction &instruction);
  void branch(const std::string &label, Instruction &instruction);

  /// What the instruction being decoded reads and writes beside what read() and write() have noted.
  void noteRead(RegisterOffset slot) { currentReads.push_back(slot); }
  void noteWrite(RegisterOffset slot) { currentWrites.push_back(slot); }

  Kernel *kernel = nullptr;
  const Source &source;
  Module &module;

private:
  struct Name {
    enum Kind { Register, Shared, Local, Param, KernelParam } kind = Register;
    RegisterOffset slot = 0; // of a register
    unsigned bytes = 0;      // of a register's lane; 0: predicate
    uint32_t offset = 0;     // of a variable
  };
  using Scope = std::unordered_map<std::string, Name>;
  struct FunctionFrame {
    int32_t entry = -1;
    Callee offsets;
  };
  const Name *lookup(const std::string &name) const;
  void declareRegisters(const std::string &text);
  void declareVariable(const Variable &variable);
  void decodeBody(const Function &function, const Scope &outermost);
  void decodeStatement(const Statement &statement);
  uint32_t allocateLocal(uint64_t bytes, unsigned alignment);
  void layOutShared();
  bool variableAddress(const std::string &name, uint64_t &value) const;
  const Function *functionNamed(const std::string &name) const;

  std::vector<Scope> scopes;
  std::vector<std::unordered_map<std::string, int32_t>> labels;
  std::vector<std::pair<size_t, std::string>> branches; // instructions whose label is not known yet
  Scope moduleNames;
  std::unordered_map<std::string, FunctionFrame> functions;
  std::vector<std::string> functionsToDecode;
  std::vector<std::pair<size_t, std::string>> calls;
  std::map<std::pair<uint64_t, unsigned>, RegisterOffset> constants;
  std::map<Special, RegisterOffset> specials;
  std::vector<RegisterOffset> currentReads, currentWrites;
};

} // namespace fake_cuda

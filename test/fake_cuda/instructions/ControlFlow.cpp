// SPDX-License-Identifier: Apache-2.0
// bra, call, ret, exit, trap, and what only steers the hardware.
#include "test/fake_cuda/instructions/Calls.h"
#include "test/fake_cuda/instructions/Families.h"
#include "test/fake_cuda/instructions/Lanes.h"
#include <cstring>

namespace fake_cuda {

namespace {

struct CopiedBytes {
  uint32_t from = 0, to = 0, bytes = 0; // offsets in local memory
};
struct CallDetails : Details {
  std::vector<CopiedBytes> arguments, results;
};

void copy(Warp &warp, const std::vector<CopiedBytes> &copies, uint32_t lanes) {
  forEachLane(lanes, [&](unsigned lane) {
    uint8_t *local = warp.local + static_cast<size_t>(lane) * warp.kernel->localBytes;
    for (const CopiedBytes &each : copies)
      memcpy(local + each.to, local + each.from, each.bytes);
  });
}

std::vector<uint32_t> variablesOf(Decoder &decoder, const std::string &list) {
  std::vector<uint32_t> result;
  for (const std::string &name : splitOutsideBrackets(std::string_view(list).substr(1, list.rfind(')') - 1), ','))
    if (!name.empty())
      result.push_back(decoder.parameter(name).offset);
  return result;
}

/// call (results), name, (arguments);
void decodeCall(Decoder &decoder, const Statement &statement, Instruction &instruction) {
  size_t next = 0;
  std::vector<uint32_t> results, arguments;
  const auto &operands = statement.operands;
  if (!operands.empty() && operands[0].starts_with('('))
    results = variablesOf(decoder, operands[next++]);
  if (next >= operands.size())
    throw Error("call without a function");
  const std::string &name = operands[next++];
  if (name.starts_with('%'))
    throw Error("calls through pointers are not supported");
  if (next < operands.size())
    arguments = variablesOf(decoder, operands[next++]);
  Decoder::Callee callee = decoder.callee(name, instruction);
  if (callee.parameters.size() != arguments.size() || callee.results.size() != results.size())
    throw Error("call of '" + name + "' with other parameters than it has");
  auto &details = decoder.addDetails<CallDetails>(instruction);
  for (size_t i = 0; i < arguments.size(); ++i)
    details.arguments.push_back({arguments[i], callee.parameters[i], callee.parameterBytes[i]});
  for (size_t i = 0; i < results.size(); ++i)
    details.results.push_back({callee.results[i], results[i], callee.resultBytes[i]});
}

void decodeBranch(Decoder &decoder, const Statement &statement, Instruction &instruction) {
  expectOperands(statement, 1, 1);
  decoder.branch(statement.operands[0], instruction);
}

void trap(Warp &, const Instruction &, uint32_t) { throw Error("trap"); }
void ignore(Warp &, const Instruction &, uint32_t) {}
} // namespace

void copyArguments(Warp &warp, const Instruction &call, uint32_t lanes) {
  copy(warp, static_cast<const CallDetails *>(call.details)->arguments, lanes);
}
void copyResults(Warp &warp, const Instruction &call, uint32_t lanes) {
  copy(warp, static_cast<const CallDetails *>(call.details)->results, lanes);
}

void addControlFlow(OpcodeTable &table) {
  table["bra"] = decodeBranch;
  table["call"] = decodeCall;
  table["ret"] = [](Decoder &, const Statement &, Instruction &instruction) { instruction.flow = Flow::Return; };
  table["exit"] = [](Decoder &, const Statement &, Instruction &instruction) { instruction.flow = Flow::Exit; };
  table["trap"] = [](Decoder &, const Statement &, Instruction &instruction) { instruction.run = trap; };
  for (const char *name : {"brkpt", "pmevent", "nanosleep", "setmaxnreg", "griddepcontrol"})
    table[name] = [](Decoder &, const Statement &, Instruction &instruction) { instruction.run = ignore; };
}

} // namespace fake_cuda

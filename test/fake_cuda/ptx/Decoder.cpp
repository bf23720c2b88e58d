// SPDX-License-Identifier: Apache-2.0
// Bodies of functions: declarations, labels and statements in order, with the names of their scopes.
#include "test/fake_cuda/ptx/Decoder.h"
#include "test/fake_cuda/machine/Windows.h"
#include <algorithm>
#include <cstring>

namespace fake_cuda {

namespace {
uint64_t aligned(uint64_t offset, unsigned alignment) { return (offset + alignment - 1) / alignment * alignment; }

/// Bytes of a lane of a register; one byte is stored as two.
unsigned laneBytes(Type type) { return type == Type::Pred ? 0 : std::max(2u, bytesOf(type)); }
uint32_t registerBytes(unsigned lane) { return lane ? 32 * lane : 4; }
} // namespace

const Decoder::Name *Decoder::lookup(const std::string &name) const {
  for (size_t i = scopes.size(); i-- > 0;)
    if (auto found = scopes[i].find(name); found != scopes[i].end())
      return &found->second;
  if (auto found = moduleNames.find(name); found != moduleNames.end())
    return &found->second;
  return nullptr;
}

const Function *Decoder::functionNamed(const std::string &name) const {
  for (const Function &function : source.functions)
    if (function.name == name && !function.isDeclaration)
      return &function;
  return nullptr;
}

RegisterOffset Decoder::temporary(unsigned bytes) {
  kernel->registerBytes = static_cast<uint32_t>(aligned(kernel->registerBytes, bytes ? 64 : 4));
  RegisterOffset slot = static_cast<RegisterOffset>(kernel->registerBytes);
  kernel->registerBytes += registerBytes(bytes);
  return slot;
}

RegisterOffset Decoder::constant(uint64_t value, unsigned bytes) {
  if (bytes == 0)
    value = value ? ~0u : 0;
  else if (bytes < 8)
    value &= (1ull << 8 * bytes) - 1;
  auto [found, isNew] = constants.try_emplace({value, bytes});
  if (isNew) {
    kernel->constantBytes = static_cast<uint32_t>(aligned(kernel->constantBytes + registerBytes(bytes), 64));
    found->second = -static_cast<RegisterOffset>(kernel->constantBytes);
    kernel->constants.push_back({found->second, value, bytes});
  }
  return found->second;
}

RegisterOffset Decoder::special(Special special) {
  auto [found, isNew] = specials.try_emplace(special);
  if (isNew) {
    kernel->constantBytes = static_cast<uint32_t>(aligned(kernel->constantBytes + registerBytes(4), 64));
    found->second = -static_cast<RegisterOffset>(kernel->constantBytes);
    kernel->specials.push_back({found->second, special});
  }
  return found->second;
}

uint32_t Decoder::allocateLocal(uint64_t bytes, unsigned alignment) {
  kernel->localBytes = static_cast<uint32_t>(aligned(kernel->localBytes, std::max(alignment, 8u)));
  uint32_t offset = kernel->localBytes;
  kernel->localBytes += static_cast<uint32_t>(bytes);
  return offset;
}

void Decoder::declareRegisters(const std::string &text) {
  std::string_view rest = trimmed(std::string_view(text).substr(strlen(".reg")));
  size_t space = rest.find_first_of(" \t");
  Type type = rest.starts_with('.') ? typeNamed(rest.substr(1, space - 1)) : Type::None;
  if (type == Type::None)
    throw Error("registers of unknown type in '" + text + "'");
  for (const std::string &name : splitOutsideBrackets(rest.substr(space), ',')) {
    size_t angle = name.find('<');
    long count = angle == std::string::npos ? 1 : strtol(name.c_str() + angle + 1, nullptr, 10);
    for (long i = 0; i < count; ++i) {
      std::string each = angle == std::string::npos ? name : name.substr(0, angle) + std::to_string(i);
      scopes.back()[each] = {Name::Register, temporary(laneBytes(type)), laneBytes(type), 0};
    }
  }
}

void Decoder::declareVariable(const Variable &variable) {
  if (variable.space == "shared") {
    kernel->staticSharedBytes = static_cast<uint32_t>(aligned(kernel->staticSharedBytes, variable.alignment));
    scopes.back()[variable.name] = {Name::Shared, 0, 0, kernel->staticSharedBytes};
    kernel->staticSharedBytes += static_cast<uint32_t>(variable.bytes());
  } else if (variable.space == "local") {
    scopes.back()[variable.name] = {Name::Local, 0, 0, allocateLocal(variable.bytes(), variable.alignment)};
  } else if (variable.space == "param") {
    scopes.back()[variable.name] = {Name::Param, 0, 0, allocateLocal(variable.bytes(), variable.alignment)};
  } else {
    throw Error("variable '" + variable.name + "' of space '" + variable.space + "' in a function");
  }
}

/// Static shared variables first; dynamic ones all begin after them.
void Decoder::layOutShared() {
  moduleNames.clear();
  for (bool isDynamic : {false, true}) {
    for (const Variable &variable : source.variables) {
      if (variable.space != "shared" || (variable.isExtern && variable.bytes() == 0) != isDynamic)
        continue;
      // All of a module's static variables count for each kernel here; ptxas counts those that the kernel uses.
      bool isUsed = false;
      for (const Function &function : source.functions)
        if (function.name == kernel->name || !function.isEntry)
          for (const Statement &statement : function.body)
            isUsed = isUsed || statement.text.find(variable.name) != std::string::npos;
      if (!isUsed)
        continue;
      // The base of shared memory is aligned to 1024 bytes, so that alignments above 16 can be honored.
      if (isDynamic || variable.alignment > 1)
        kernel->staticSharedBytes =
            static_cast<uint32_t>(aligned(kernel->staticSharedBytes, std::max(16u, variable.alignment)));
      moduleNames[variable.name] = {Name::Shared, 0, 0, kernel->staticSharedBytes};
      if (!isDynamic)
        kernel->staticSharedBytes += static_cast<uint32_t>(variable.bytes());
    }
  }
}

void Decoder::decodeKernel(const Function &function) {
  Kernel &result = module.kernels[function.name];
  result = Kernel();
  kernel = &result;
  result.name = function.name;
  result.maxThreads = function.maxThreads;
  result.requiredThreads = function.requiredThreads;
  constants.clear();
  specials.clear();
  functions.clear();
  functionsToDecode.clear();
  calls.clear();
  scopes.clear();
  constant(1, 0); // the guard of unguarded instructions
  layOutShared();
  uint32_t staticBefore = kernel->staticSharedBytes;
  Scope outermost;
  for (const Variable &parameter : function.parameters) {
    result.parameterBytes = static_cast<uint32_t>(aligned(result.parameterBytes, parameter.alignment));
    outermost[parameter.name] = {Name::KernelParam, 0, 0, result.parameterBytes};
    result.parameters.push_back({result.parameterBytes, static_cast<uint32_t>(parameter.bytes())});
    result.parameterBytes += static_cast<uint32_t>(parameter.bytes());
  }
  decodeBody(function, outermost);
  while (!functionsToDecode.empty()) {
    std::string name = functionsToDecode.back();
    functionsToDecode.pop_back();
    const Function *called = functionNamed(name);
    FunctionFrame &frame = functions.at(name);
    frame.entry = static_cast<int32_t>(result.code.size());
    Scope scope;
    for (auto [variables, offsets] :
         {std::pair{&called->parameters, &frame.offsets.parameters}, {&called->results, &frame.offsets.results}})
      for (size_t i = 0; i < variables->size(); ++i)
        scope[(*variables)[i].name] = {Name::Param, 0, 0, (*offsets)[i]};
    decodeBody(*called, scope);
  }
  for (auto &[index, name] : calls)
    result.code[index].target = functions.at(name).entry;
  // Variables that a body declares come after the module's; then the dynamic ones have to move.
  if (kernel->staticSharedBytes != staticBefore)
    for (const Variable &variable : source.variables)
      if (variable.space == "shared" && variable.isExtern && variable.bytes() == 0 && moduleNames.count(variable.name))
        throw Error("kernel '" + kernel->name +
                    "' declares shared variables in its body and uses dynamic shared memory");
  if (!result.hasWgmma) {
    result.reads.clear();
    result.writes.clear();
  }
}

void Decoder::decodeBody(const Function &function, const Scope &outermost) {
  scopes.assign(1, outermost);
  labels.assign(1, {});
  branches.clear();
  auto endScope = [&] {
    // A label may be used before it is defined; its uses are resolved at the end of the scope that defines it.
    std::erase_if(branches, [&](const auto &branch) {
      auto found = labels.back().find(branch.second);
      if (found == labels.back().end())
        return false;
      kernel->code[branch.first].target = found->second;
      return true;
    });
    labels.pop_back();
    scopes.pop_back();
  };
  for (const Statement &statement : function.body) {
    try {
      switch (statement.kind) {
      case Statement::ScopeBegin:
        scopes.emplace_back();
        labels.emplace_back();
        break;
      case Statement::ScopeEnd:
        endScope();
        break;
      case Statement::Label:
        labels.back()[statement.text] = static_cast<int32_t>(kernel->code.size());
        break;
      case Statement::Declaration:
        if (statement.text.starts_with(".reg"))
          declareRegisters(statement.text);
        else
          declareVariable(parseVariable(statement.text, statement.line));
        break;
      case Statement::Directive:
        break;
      case Statement::Instruction:
        decodeStatement(statement);
        break;
      }
    } catch (const Error &error) {
      throw Error("PTX line " + std::to_string(statement.line) + ": " + error.what() + ": '" + statement.text + "'");
    }
  }
  endScope();
  if (!branches.empty())
    throw Error("PTX function '" + function.name + "': no label '" + branches.front().second + "'");
  // A body may end without `ret`.
  Instruction end;
  end.flow = Flow::Return;
  end.guard = constant(1, 0);
  end.statement = static_cast<uint32_t>(kernel->statements.size());
  kernel->statements.emplace_back("(end of " + function.name + ")");
  kernel->code.push_back(end);
  kernel->reads.emplace_back();
  kernel->writes.emplace_back();
}

void Decoder::decodeStatement(const Statement &statement) {
  auto found = opcodeTable().find(statement.name());
  if (found == opcodeTable().end())
    throw Error("instruction '" + statement.name() + "' is not supported");
  currentReads.clear();
  currentWrites.clear();
  Instruction instruction;
  instruction.line = statement.line;
  instruction.statement = static_cast<uint32_t>(kernel->statements.size());
  instruction.guard = statement.guard.empty() ? constant(1, 0) : readPredicate(statement.guard);
  instruction.guardFlip = statement.guardIsNegated ? ~0u : 0;
  found->second(*this, statement, instruction);
  kernel->statements.push_back(statement.text);
  kernel->code.push_back(instruction);
  // wgmma looks after its registers itself.
  bool isWgmma = statement.name() == "wgmma";
  kernel->reads.push_back(isWgmma ? std::vector<RegisterOffset>() : currentReads);
  kernel->writes.push_back(isWgmma ? std::vector<RegisterOffset>() : currentWrites);
}

void Decoder::branch(const std::string &label, Instruction &instruction) {
  instruction.flow = Flow::Branch;
  branches.emplace_back(kernel->code.size(), label);
}

Decoder::Callee Decoder::callee(const std::string &name, Instruction &instruction) {
  const Function *function = functionNamed(name);
  if (!function)
    throw Error("call of '" + name + "', which this module does not define");
  auto [found, isNew] = functions.try_emplace(name);
  if (isNew) {
    Callee &offsets = found->second.offsets;
    for (const Variable &variable : function->parameters) {
      offsets.parameters.push_back(allocateLocal(variable.bytes(), variable.alignment));
      offsets.parameterBytes.push_back(static_cast<uint32_t>(variable.bytes()));
    }
    for (const Variable &variable : function->results) {
      offsets.results.push_back(allocateLocal(variable.bytes(), variable.alignment));
      offsets.resultBytes.push_back(static_cast<uint32_t>(variable.bytes()));
    }
    functionsToDecode.push_back(name);
  }
  instruction.flow = Flow::Call;
  calls.emplace_back(kernel->code.size(), name);
  return found->second.offsets;
}

} // namespace fake_cuda

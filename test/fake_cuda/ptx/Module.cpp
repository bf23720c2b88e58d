// SPDX-License-Identifier: Apache-2.0
// A whole module: its global variables with their initial values, then its kernels.
#include "test/fake_cuda/ptx/Decoder.h"
#include <cstdlib>
#include <cstring>

namespace fake_cuda {

namespace {
uint64_t initialElement(const std::string &text, Type type, const Module &module) {
  if (text.size() > 2 && text[0] == '0' && strchr("fFdD", text[1]))
    return strtoull(text.c_str() + 2, nullptr, 16);
  if (isdigit(static_cast<unsigned char>(text[0])) || text[0] == '-')
    return text[0] == '-' ? static_cast<uint64_t>(strtoll(text.c_str(), nullptr, 0))
                          : strtoull(text.c_str(), nullptr, 0);
  // The address of another variable, perhaps as generic(NAME).
  std::string name = text.starts_with("generic(") ? text.substr(8, text.rfind(')') - 8) : text;
  auto found = module.globals.find(name);
  if (bytesOf(type) != 8 || found == module.globals.end())
    throw Error("initial value '" + text + "'");
  return found->second.address;
}

void initialize(GlobalVariable &global, const Variable &variable, const Module &module) {
  if (variable.initializer.empty())
    return;
  std::string_view list = variable.initializer;
  if (list.starts_with('{'))
    list = list.substr(1, list.rfind('}') - 1);
  size_t size = bytesOf(variable.type), offset = 0;
  for (const std::string &element : splitOutsideBrackets(list, ',')) {
    if (offset + size > global.data.size())
      throw Error("variable '" + variable.name + "' has more initial values than elements");
    uint64_t bits = initialElement(element, variable.type, module);
    memcpy(&global.data[offset], &bits, size);
    offset += size;
  }
}
} // namespace

std::unique_ptr<Module> loadModule(const std::string &text, GlobalAllocator &allocator) {
  Source source = parseSource(text);
  auto module = std::make_unique<Module>();
  module->target = source.target;
  module->isArchitectureExact = source.isArchitectureExact;
  for (const Variable &variable : source.variables) {
    if (variable.space != "global" && variable.space != "const")
      continue;
    if (variable.isExtern)
      throw Error("variable '" + variable.name + "' is defined in no module");
    GlobalVariable &global = module->globals[variable.name];
    global.data.assign(variable.bytes(), 0);
    global.alignment = std::max(variable.alignment, 16u);
    global.address = allocator.allocate(variable.name, variable.bytes(), global.alignment);
  }
  for (const Variable &variable : source.variables)
    if (auto global = module->globals.find(variable.name); global != module->globals.end())
      initialize(global->second, variable, *module);
  Decoder decoder(source, *module);
  for (const Function &function : source.functions)
    if (function.isEntry && !function.isDeclaration)
      decoder.decodeKernel(function);
  return module;
}

} // namespace fake_cuda

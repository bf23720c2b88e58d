// SPDX-License-Identifier: Apache-2.0
#include "backends/llvm/RuntimeObject.h"
#include "backends/llvm/MachineCode.h"
#include "backends/llvm/ObjectKey.h"
#include "runtime/embedded/RuntimeBitcode.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Bitcode/BitcodeReader.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/Linker/Linker.h"
#include "llvm/Object/ObjectFile.h"
#include "llvm/Transforms/IPO/Internalize.h"
#include "llvm/Transforms/Utils/ModuleUtils.h"

using namespace dlc;

/// What the names of the runtime begin with. Code generation expands conversions of 16-bit floats to calls of the last
/// two kinds.
static bool mayBeOfRuntime(llvm::StringRef name) {
  return name.starts_with("dlc") || name.starts_with("halide_") || name.starts_with("__extend") ||
         name.starts_with("__trunc");
}

void dlc::hideRuntimeSymbols(llvm::Module &module) {
  for (llvm::GlobalValue &value : module.global_values())
    if (value.isDeclaration() && mayBeOfRuntime(value.getName())) {
      value.setVisibility(llvm::GlobalValue::HiddenVisibility);
      value.setDSOLocal(true);
    }
}

llvm::StringRef RuntimePart::getBitcode() const {
  std::string_view bitcode = runtimeBitcode(target.triple.getArchName(), forThreadSanitizer);
  return llvm::StringRef(bitcode.data(), bitcode.size());
}

llvm::Error RuntimePart::addNames(llvm::ArrayRef<llvm::StringRef> names) {
  llvm::LLVMContext context;
  auto runtime = llvm::getLazyBitcodeModule(llvm::MemoryBufferRef(getBitcode(), "runtime"), context);
  if (!runtime)
    return runtime.takeError();
  for (llvm::StringRef name : names)
    if (const llvm::GlobalValue *value = (*runtime)->getNamedValue(name);
        value && !value->isDeclaration() && !llvm::is_contained(needed, name))
      needed.push_back(name.str());
  llvm::sort(needed);
  return llvm::Error::success();
}

llvm::Error RuntimePart::addNeeded(llvm::ArrayRef<llvm::StringRef> objects) {
  llvm::SmallVector<llvm::StringRef> names;
  for (llvm::StringRef object : objects) {
    auto file = llvm::object::ObjectFile::createObjectFile(llvm::MemoryBufferRef(object, "object"));
    if (!file)
      return file.takeError();
    for (const llvm::object::SymbolRef &symbol : (*file)->symbols()) {
      llvm::Expected<uint32_t> flags = symbol.getFlags();
      if (!flags)
        return flags.takeError();
      llvm::Expected<llvm::StringRef> name = symbol.getName();
      if (!name)
        return name.takeError();
      if ((*flags & llvm::object::SymbolRef::SF_Undefined) && mayBeOfRuntime(*name))
        names.push_back(*name);
    }
  }
  return addNames(names);
}

llvm::Error RuntimePart::addNeeded(const llvm::Module &module) {
  if (llvm::Error error =
          addNames({"__extendhfdf2", "__extendhfsf2", "__truncdfbf2", "__truncdfhf2", "__truncsfbf2", "__truncsfhf2"}))
    return error;
  return addDeclared(module);
}

llvm::Error RuntimePart::addDeclared(const llvm::Module &module) {
  llvm::SmallVector<llvm::StringRef> names;
  for (const llvm::GlobalValue &value : module.global_values())
    if (value.isDeclaration() && mayBeOfRuntime(value.getName()))
      names.push_back(value.getName());
  return addNames(names);
}

std::string RuntimePart::getKey(llvm::StringRef compiler) const {
  ObjectKey key(compiler, target);
  key.add(getBitcode());
  for (llvm::StringRef name : needed)
    key.add(name);
  return key.toString();
}

/// The needed functions and what they need, optimized.
llvm::Expected<std::unique_ptr<llvm::Module>> RuntimePart::extract(llvm::LLVMContext &context) const {
  auto runtime = llvm::parseBitcodeFile(llvm::MemoryBufferRef(getBitcode(), "runtime"), context);
  if (!runtime)
    return runtime.takeError();
  llvm::Module &module = **runtime;
  std::unique_ptr<llvm::TargetMachine> machine = target.createTargetMachine();
  module.setTargetTriple(target.triple);
  module.setDataLayout(machine->createDataLayout());
  // Linkers would keep it as a symbol.
  module.setSourceFileName("");
  if (llvm::NamedMDNode *identification = module.getNamedMetadata("llvm.ident"))
    identification->eraseFromParent();
  // What expanded instructions call is needed if it is in the list.
  llvm::removeFromUsedLists(module, [](llvm::Constant *) { return true; });
  llvm::internalizeModule(module,
                          [&](const llvm::GlobalValue &value) { return llvm::is_contained(needed, value.getName()); });
  optimizeAcrossFiles(module, *machine);
  addUnwindTables(module);
  return runtime;
}

llvm::Expected<std::string> RuntimePart::emitObject() const {
  llvm::LLVMContext context;
  auto module = extract(context);
  if (!module)
    return module.takeError();
  return emitCode(**module, *target.createTargetMachine(), llvm::CodeGenFileType::ObjectFile);
}

llvm::Error RuntimePart::linkInto(llvm::Module &module) const {
  auto runtime = extract(module.getContext());
  if (!runtime)
    return runtime.takeError();
  if (llvm::Linker::linkModules(module, std::move(*runtime)))
    return llvm::createStringError("the runtime cannot be linked to the program");
  // Instructions that are expanded later may call the others.
  for (llvm::GlobalValue &value : module.global_values())
    if (!value.isDeclaration() && llvm::is_contained(needed, value.getName()) && !value.getName().starts_with("__"))
      value.setLinkage(llvm::GlobalValue::InternalLinkage);
  return llvm::Error::success();
}

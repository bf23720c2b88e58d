// SPDX-License-Identifier: Apache-2.0
#include "backends/llvm/KernelObject.h"
#include "backends/link/ArchiveWriter.h"
#include "backends/link/LinkedFiles.h"
#include "backends/llvm/KernelLinking.h"
#include "backends/llvm/MachineCode.h"
#include "backends/llvm/ObjectRevision.h"
#include "mlir/IR/Diagnostics.h"
#include "llvm/Bitcode/BitcodeReader.h"

using namespace dlc;

/// Whether `function` is one of the runtime's.
static bool isOfRuntime(const llvm::Function &function) {
  return function.isDeclaration() && !function.isIntrinsic() && !function.use_empty() &&
         (function.getName().starts_with("halide_") || function.getName().starts_with("dlc"));
}

llvm::Expected<std::string> dlc::emitKernelObject(llvm::StringRef bitcode, const Target &target) {
  llvm::LLVMContext context;
  auto parsed = llvm::parseBitcodeFile(llvm::MemoryBufferRef(bitcode, "kernel"), context);
  if (!parsed)
    return parsed.takeError();
  llvm::Module &module = **parsed;
  if (llvm::any_of(module, isOfRuntime))
    return std::string();
  std::unique_ptr<llvm::TargetMachine> machine = target.createTargetMachine();
  prepareForLinking(module, target.triple, machine->createDataLayout(), "kernel");
  removeUnused(module, *machine);
  addUnwindTables(module);
  if (module.getPICLevel() == llvm::PICLevel::NotPIC)
    module.setPICLevel(llvm::PICLevel::BigPIC);
  // Linkers would keep it as a symbol.
  module.setSourceFileName("");
  return emitCode(module, *machine, llvm::CodeGenFileType::ObjectFile);
}

std::string dlc::getKernelObjectKey(const Target &target) {
  return objectRevision + std::string(" ") + target.triple.str();
}

mlir::LogicalResult dlc::writeKernelArchive(mlir::Location location, llvm::ArrayRef<KernelCode> kernels,
                                            llvm::StringRef path) {
  std::vector<ArchiveMember> members;
  for (const KernelCode &code : kernels) {
    if (code.object.empty())
      continue;
    std::string symbol = getVersionSymbol(code);
    llvm::Expected<std::string> renamed = renameSymbol(code.object, "kernel", symbol);
    if (!renamed)
      return mlir::emitError(location) << "internal error: kernel '" << code.kernel
                                       << "' cannot be renamed: " << llvm::toString(renamed.takeError());
    members.push_back({symbol + ".o", std::move(*renamed)});
  }
  return writeArchive(location, members, path);
}

// SPDX-License-Identifier: Apache-2.0
#include "backends/llvm/CodeGeneration.h"
#include "backends/llvm/LaunchFunction.h"
#include "backends/llvm/MachineCode.h"
#include "backends/llvm/ObjectKey.h"
#include "backends/llvm/Passes.h"
#include "backends/llvm/RuntimeObject.h"
#include "ir/Annotations.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/Bitcode/BitcodeWriter.h"
#include "llvm/IR/Verifier.h"
#include "llvm/Linker/Linker.h"
#include "llvm/Transforms/IPO/Internalize.h"

using namespace dlc;

mlir::FailureOr<TranslatedProgram> dlc::translateProgram(mlir::ModuleOp module, llvm::LLVMContext &context,
                                                         const Target &target, const ModelIdentity &identity,
                                                         const Backend &backend) {
  auto description = describeProgram(module);
  if (mlir::failed(description))
    return mlir::failure();
  mlir::PassManager manager(module.getContext());
#ifndef _GLIBCXX_ASSERTIONS
  // It takes longer than the passes, and LLVM verifies what comes out. Builds for tests run it.
  manager.enableVerifier(false);
#endif
  backend.addProgramLowering(manager);
  if (mlir::failed(manager.run(module)))
    return mlir::failure();
  if (mlir::StringAttr launches = annotation::launches.get(module))
    description->launches = launches.str();

  mlir::DialectRegistry registry;
  mlir::registerBuiltinDialectTranslation(registry);
  mlir::registerLLVMDialectTranslation(registry);
  module.getContext()->appendDialectRegistry(registry);
  // The name that ends up in the object file: the same in every folder.
  auto program = mlir::translateModuleToLLVMIR(module, context, identity.name);
  if (!program)
    return module.emitError("internal error: the program has no form in LLVM IR");
  program->setTargetTriple(target.triple);
  program->setDataLayout(target.createTargetMachine()->createDataLayout());
  program->setPICLevel(llvm::PICLevel::BigPIC);
  program->setSourceFileName(identity.name);
  return TranslatedProgram{std::move(program), std::move(*description)};
}

llvm::Error dlc::joinPrograms(llvm::Module &first, std::unique_ptr<llvm::Module> second,
                              std::vector<KernelCode> &kernels, llvm::StringRef suffix) {
  for (llvm::GlobalValue &value : second->global_values())
    if (!value.isDeclaration() && value.hasName() && !value.getName().starts_with("llvm."))
      value.setName(value.getName() + suffix);
  for (KernelCode &code : kernels) {
    llvm::Function *declared = second->getFunction(getKernelSymbol(code.kernel));
    code.kernel += suffix;
    // Of a kernel for several machines it has its name already.
    if (declared)
      declared->setName(getKernelSymbol(code.kernel));
  }
  if (llvm::Linker::linkModules(first, std::move(second)))
    return llvm::createStringError("the programs cannot be linked");
  return llvm::Error::success();
}

llvm::Error dlc::mergeKernels(llvm::Module &module, llvm::ArrayRef<llvm::ArrayRef<KernelCode>> programs,
                              const Target &target, llvm::ArrayRef<CustomFunction> functions,
                              llvm::StringRef exportedSymbol) {
  for (llvm::ArrayRef<KernelCode> kernels : programs)
    addKernelDispatch(module, kernels);
  auto isExported = [&](const llvm::GlobalValue &value) { return value.getName() == exportedSymbol; };
  llvm::internalizeModule(module, isExported);
  std::unique_ptr<llvm::TargetMachine> machine = target.createTargetMachine();
  optimizeProgram(module, *machine);

  for (llvm::ArrayRef<KernelCode> kernels : programs)
    if (llvm::Error error = linkKernels(module, kernels))
      return error;
  bindCustomFunctions(module, functions);
  llvm::internalizeModule(module, isExported);
  removeUnused(module, *machine);
  addUnwindTables(module);
  hideRuntimeSymbols(module);

  std::string problems;
  llvm::raw_string_ostream stream(problems);
  if (llvm::verifyModule(module, &stream))
    return llvm::createStringError("the merged module is broken: " + problems);
  return llvm::Error::success();
}

std::string dlc::getObjectKey(const llvm::Module &program, llvm::ArrayRef<llvm::ArrayRef<KernelCode>> programs,
                              const Target &target, llvm::ArrayRef<CustomFunction> functions,
                              llvm::StringRef compiler) {
  ObjectKey key(compiler, target);
  llvm::SmallString<0> bitcode;
  llvm::raw_svector_ostream stream(bitcode);
  llvm::WriteBitcodeToFile(program, stream);
  key.add(bitcode);
  for (llvm::ArrayRef<KernelCode> kernels : programs)
    for (const KernelCode &code : kernels) {
      key.add(code.kernel);
      key.add(code.machine->name);
      // Object files are linked later, and the program allocates their scratch memory.
      key.add(code.object.empty() ? code.bitcode : std::to_string(code.scratchBytes));
    }
  for (const CustomFunction &function : functions) {
    key.add(function.op);
    key.add(function.symbol);
  }
  return key.toString();
}

// SPDX-License-Identifier: Apache-2.0
#include "backends/llvm/KernelLinking.h"
#include "backends/llvm/LaunchFunction.h"
#include "dlc/abi.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/Bitcode/BitcodeReader.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Operator.h"
#include "llvm/Linker/Linker.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Transforms/Utils/ModuleUtils.h"

using namespace dlc;

std::string dlc::getVersionSymbol(const KernelCode &code) {
  return getKernelSymbol(code.kernel) + "." + code.machine->name.str();
}

uint64_t dlc::getScratchBytes(llvm::ArrayRef<KernelCode> kernels) {
  constexpr uint64_t blockHeader = 64;
  uint64_t most = 0;
  for (const KernelCode &code : kernels)
    if (code.scratchBytes > 0)
      most = std::max(most, llvm::alignTo(code.scratchBytes, 64) + blockHeader);
  return most;
}

namespace {

/// Which machine's kernels a library runs: a number that a constructor of the module sets when it is loaded.
class MachineChoice {
public:
  MachineChoice(llvm::Module &module, llvm::ArrayRef<KernelCode> kernels) : module(module) {
    for (const KernelCode &code : kernels)
      if (!llvm::is_contained(machines, code.machine))
        machines.push_back(code.machine);
    // Rows of one table, which is ordered by preference.
    llvm::sort(machines);
    if (machines.size() > 1)
      defineChoice();
  }

  /// The address of the version to call: a constant, or read from a table by the selected index.
  llvm::Value *select(llvm::IRBuilder<> &builder, llvm::StringRef name,
                      llvm::ArrayRef<std::pair<const Machine *, llvm::Function *>> versions) const {
    if (versions.size() == 1)
      return versions.front().second;
    llvm::SmallVector<llvm::Constant *> entries;
    for (const Machine *machine : machines) {
      llvm::Function *best = versions.front().second;
      for (auto [versionMachine, version] : versions)
        if (versionMachine <= machine)
          best = version;
      entries.push_back(best);
    }
    auto *pointer = llvm::PointerType::getUnqual(module.getContext());
    auto *type = llvm::ArrayType::get(pointer, entries.size());
    auto *table = new llvm::GlobalVariable(module, type, /*isConstant=*/true, llvm::GlobalValue::InternalLinkage,
                                           llvm::ConstantArray::get(type, entries), name + ".versions");
    llvm::Value *index = builder.CreateZExt(builder.CreateLoad(builder.getInt32Ty(), choice), builder.getInt64Ty());
    return builder.CreateLoad(pointer, builder.CreateInBoundsGEP(type, table, {builder.getInt64(0), index}));
  }

private:
  /// The last machine whose features the CPU has; the first one's are those that every context is checked for.
  void defineChoice() {
    llvm::LLVMContext &context = module.getContext();
    auto *i32 = llvm::Type::getInt32Ty(context);
    choice = new llvm::GlobalVariable(module, i32, /*isConstant=*/false, llvm::GlobalValue::InternalLinkage,
                                      llvm::ConstantInt::get(i32, 0), "dlc.machine");
    auto *function = llvm::Function::Create(llvm::FunctionType::get(llvm::Type::getVoidTy(context), false),
                                            llvm::GlobalValue::InternalLinkage, "dlc.choose_machine", module);
    llvm::IRBuilder<> builder(llvm::BasicBlock::Create(context, "", function));
    auto *i64 = builder.getInt64Ty();
    llvm::Value *features = builder.CreateLoad(i64, module.getOrInsertGlobal("dlc_rt_cpu_features", i64));
    llvm::Value *index = builder.getInt32(0);
    for (size_t i = 1; i < machines.size(); ++i) {
      llvm::Value *required = builder.getInt64(machines[i]->features);
      llvm::Value *hasAll = builder.CreateICmpEQ(builder.CreateAnd(features, required), required);
      index = builder.CreateSelect(hasAll, builder.getInt32(i), index);
    }
    builder.CreateStore(index, choice);
    builder.CreateRetVoid();
    llvm::appendToGlobalCtors(module, function, DLC_MACHINE_PRIORITY);
  }

  llvm::Module &module;
  llvm::SmallVector<const Machine *, 4> machines;
  llvm::GlobalVariable *choice = nullptr;
};

} // namespace

/// Calls what `choose` gives with `bytes` of memory from the dlc_scratch that is the first of `arguments`; returns its
/// status.
static llvm::Value *callWithScratch(llvm::IRBuilder<> &builder, llvm::FunctionType *type,
                                    llvm::function_ref<llvm::Value *()> choose, int64_t bytes,
                                    llvm::SmallVector<llvm::Value *> arguments) {
  llvm::Function &caller = *builder.GetInsertBlock()->getParent();
  llvm::Module &module = *caller.getParent();
  auto *pointer = llvm::PointerType::getUnqual(module.getContext());
  llvm::Value *threadScratch = arguments[0];
  auto allocate = module.getOrInsertFunction("halide_malloc",
                                             llvm::FunctionType::get(pointer, {pointer, builder.getInt64Ty()}, false));
  arguments[0] = builder.CreateCall(allocate, {threadScratch, builder.getInt64(bytes)});
  auto *full = llvm::BasicBlock::Create(module.getContext(), "", &caller),
       *rest = llvm::BasicBlock::Create(module.getContext(), "", &caller);
  builder.CreateCondBr(builder.CreateIsNull(arguments[0]), full, rest);
  builder.SetInsertPoint(full);
  builder.CreateRet(builder.getInt32(DLC_ERROR_OUT_OF_MEMORY));
  builder.SetInsertPoint(rest);
  llvm::Value *status = builder.CreateCall(type, choose(), arguments);
  auto release = module.getOrInsertFunction("halide_free",
                                            llvm::FunctionType::get(builder.getVoidTy(), {pointer, pointer}, false));
  builder.CreateCall(release, {threadScratch, arguments[0]});
  return status;
}

static llvm::SmallVector<llvm::Value *> getArguments(llvm::Function &function) {
  llvm::SmallVector<llvm::Value *> arguments;
  for (llvm::Argument &argument : function.args())
    arguments.push_back(&argument);
  return arguments;
}

/// A function that takes the thread's dlc_scratch and calls `version`, which takes memory.
static llvm::Function *addScratch(llvm::Function *version, int64_t bytes) {
  auto *function = llvm::Function::Create(version->getFunctionType(), llvm::GlobalValue::InternalLinkage,
                                          version->getName() + ".scratch", version->getParent());
  llvm::IRBuilder<> builder(llvm::BasicBlock::Create(version->getContext(), "", function));
  builder.CreateRet(
      callWithScratch(builder, version->getFunctionType(), [&] { return version; }, bytes, getArguments(*function)));
  return function;
}

static void defineDispatch(llvm::Module &module, llvm::Function &kernel, llvm::ArrayRef<const KernelCode *> codes,
                           const MachineChoice &choice) {
  llvm::LLVMContext &context = module.getContext();
  llvm::SmallVector<std::pair<const Machine *, llvm::Function *>> versions;
  int64_t scratchBytes = 0;
  // Where one version allocates itself, all are given what it needs for that.
  bool allocateThemselves = llvm::any_of(codes, [](const KernelCode *code) { return code->scratchBytes < 0; });
  for (const KernelCode *code : codes) {
    auto *version = llvm::Function::Create(kernel.getFunctionType(), llvm::GlobalValue::ExternalLinkage,
                                           getVersionSymbol(*code), module);
    if (allocateThemselves && code->scratchBytes > 0)
      version = addScratch(version, code->scratchBytes);
    else
      scratchBytes = std::max(scratchBytes, code->scratchBytes);
    versions.emplace_back(code->machine, version);
  }
  llvm::sort(versions, llvm::less_first());
  if (versions.size() == 1 && scratchBytes == 0) {
    kernel.replaceAllUsesWith(versions.front().second);
    kernel.eraseFromParent();
    return;
  }

  kernel.setLinkage(llvm::GlobalValue::InternalLinkage);
  llvm::IRBuilder<> builder(llvm::BasicBlock::Create(context, "", &kernel));
  auto choose = [&] { return choice.select(builder, kernel.getName(), versions); };
  llvm::FunctionType *type = kernel.getFunctionType();
  llvm::Value *status = nullptr;
  if (scratchBytes > 0)
    status = callWithScratch(builder, type, choose, scratchBytes, getArguments(kernel));
  else
    status = builder.CreateCall(type, choose(), getArguments(kernel));
  builder.CreateRet(status);
}

void dlc::addKernelDispatch(llvm::Module &module, llvm::ArrayRef<KernelCode> kernels) {
  llvm::MapVector<llvm::StringRef, llvm::SmallVector<const KernelCode *>> byKernel;
  for (const KernelCode &code : kernels)
    byKernel[code.kernel].push_back(&code);
  MachineChoice choice(module, kernels);
  for (auto &[name, codes] : byKernel)
    if (llvm::Function *kernel = module.getFunction(getKernelSymbol(name)))
      defineDispatch(module, *kernel, codes, choice);
}

void dlc::prepareForLinking(llvm::Module &kernelModule, const llvm::Triple &triple, const llvm::DataLayout &layout,
                            llvm::StringRef symbol) {
  kernelModule.setTargetTriple(triple);
  kernelModule.setDataLayout(layout);
  for (llvm::Function &function : kernelModule) {
    if (function.isDeclaration())
      continue;
    function.setComdat(nullptr);
    if (function.getName() == "kernel") {
      function.setName(symbol);
      function.setLinkage(llvm::GlobalValue::ExternalLinkage);
      function.setVisibility(llvm::GlobalValue::HiddenVisibility);
      function.addFnAttr(llvm::Attribute::NoInline);
    } else {
      function.setLinkage(llvm::GlobalValue::InternalLinkage);
    }
    for (llvm::StringRef attribute : {"no-nans-fp-math", "no-infs-fp-math", "unsafe-fp-math"})
      function.removeFnAttr(attribute);
    for (llvm::Instruction &instruction : llvm::instructions(function)) {
      instruction.setAAMetadata(llvm::AAMDNodes());
      if (llvm::isa<llvm::FPMathOperator>(instruction)) {
        instruction.setHasNoNaNs(false);
        instruction.setHasNoInfs(false);
      }
    }
  }
  for (llvm::GlobalVariable &variable : kernelModule.globals())
    if (!variable.isDeclaration()) {
      variable.setComdat(nullptr);
      variable.setLinkage(llvm::GlobalValue::InternalLinkage);
    }
}

llvm::Error dlc::linkKernels(llvm::Module &module, llvm::ArrayRef<KernelCode> kernels) {
  llvm::Linker linker(module);
  for (const KernelCode &code : kernels) {
    std::string symbol = getVersionSymbol(code);
    llvm::Function *declared = module.getFunction(symbol);
    if (!declared)
      continue; // no launch is left that calls it
    if (!code.object.empty()) {
      declared->setVisibility(llvm::GlobalValue::HiddenVisibility);
      continue;
    }
    auto parsed = llvm::parseBitcodeFile(llvm::MemoryBufferRef(code.bitcode, symbol), module.getContext());
    if (!parsed)
      return parsed.takeError();
    prepareForLinking(**parsed, module.getTargetTriple(), module.getDataLayout(), symbol);
    if (linker.linkInModule(std::move(*parsed)))
      return llvm::createStringError("kernel '" + code.kernel + "' cannot be linked");
  }
  return llvm::Error::success();
}

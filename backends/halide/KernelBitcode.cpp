// SPDX-License-Identifier: Apache-2.0
#include "backends/halide/KernelBitcode.h"
#include "backends/halide/Prefetch.h"
#include "targets/CpuFeatures.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Analysis/ValueTracking.h"
#include "llvm/Bitcode/BitcodeReader.h"
#include "llvm/Bitcode/BitcodeWriter.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/Verifier.h"
#include "llvm/Support/Alignment.h"

namespace dlc::halide {

/// What a kernel returns whose bounds check fails: DLC_ERROR_SHAPE of dlc/abi.h.
constexpr int boundsError = 12;

static void dropMetadata(llvm::Module &module) {
  if (llvm::NamedMDNode *flags = module.getModuleFlagsMetadata()) {
    llvm::SmallVector<llvm::MDNode *> kept;
    for (llvm::MDNode *flag : flags->operands())
      if (!llvm::cast<llvm::MDString>(flag->getOperand(1))->getString().starts_with("halide_"))
        kept.push_back(flag);
    flags->clearOperands();
    for (llvm::MDNode *flag : kept)
      flags->addOperand(flag);
  }
  if (llvm::NamedMDNode *ident = module.getNamedMetadata("llvm.ident"))
    ident->eraseFromParent();
  for (llvm::Function &function : module)
    for (llvm::Instruction &instruction : llvm::instructions(function)) {
      instruction.setMetadata(llvm::LLVMContext::MD_tbaa, nullptr);
      instruction.setMetadata(llvm::LLVMContext::MD_tbaa_struct, nullptr);
    }
}

/// The bytes that an allocation takes at most; nothing if that depends on dynamic extents. Where a loop may have no
/// iterations, Halide asks for a constant or, by a select that LLVM writes in many ways, for nothing.
static std::optional<int64_t> getLargestSize(const llvm::Value *size, const llvm::DataLayout &layout) {
  if (auto *known = llvm::dyn_cast<llvm::ConstantInt>(size))
    return known->getSExtValue();
  constexpr uint64_t largestGuess = uint64_t(1) << 26; // what is known of a product of extents is far above
  llvm::KnownBits bits = llvm::computeKnownBits(size, layout);
  if (bits.getMaxValue().ugt(largestGuess))
    return std::nullopt;
  return static_cast<int64_t>(bits.getMaxValue().getZExtValue());
}

/// Gives every call of halide_malloc its own offset in the scratch memory, whose size it returns; where a size is known
/// only at run time, leaves all calls and returns CompiledKernel::allocatesItself. One call has at most one block alive
/// at a time, because Halide frees what a loop's body allocates at its end.
static llvm::Expected<int64_t> placeAllocations(llvm::Module &module, llvm::Function &kernel) {
  int64_t bytes = 0;
  if (llvm::Function *allocate = module.getFunction("halide_malloc")) {
    llvm::SmallVector<llvm::CallInst *> calls;
    for (llvm::Instruction &instruction : llvm::instructions(kernel))
      if (auto *call = llvm::dyn_cast<llvm::CallInst>(&instruction); call && call->getCalledFunction() == allocate)
        calls.push_back(call);
    // Sizes that a run computes are asked of the runtime, for all blocks of the kernel.
    if (llvm::any_of(calls, [&](llvm::CallInst *call) {
          return !getLargestSize(call->getArgOperand(1), module.getDataLayout());
        }))
      return CompiledKernel::allocatesItself;
    for (llvm::CallInst *call : calls) {
      int64_t size = *getLargestSize(call->getArgOperand(1), module.getDataLayout());
      llvm::IRBuilder<> builder(call);
      call->replaceAllUsesWith(
          builder.CreateInBoundsGEP(builder.getInt8Ty(), kernel.getArg(0), builder.getInt64(bytes)));
      call->eraseFromParent();
      // Halide's vectors may reach over the end of a block by less than a vector.
      bytes = llvm::alignTo(bytes + size + 64, 64);
    }
    if (!calls.empty())
      kernel.removeParamAttr(0, llvm::Attribute::ReadNone);
    for (auto attribute : {llvm::Attribute::ReadNone, llvm::Attribute::ReadOnly, llvm::Attribute::Captures})
      if (!calls.empty())
        kernel.removeParamAttr(0, attribute);
    if (!allocate->use_empty())
      return llvm::createStringError("the kernel allocates outside its own function");
    allocate->eraseFromParent();
  }
  if (llvm::Function *release = module.getFunction("halide_free")) {
    for (llvm::User *user : llvm::make_early_inc_range(release->users()))
      if (auto *call = llvm::dyn_cast<llvm::CallInst>(user); call && call->getCalledFunction() == release)
        call->eraseFromParent();
    if (!release->use_empty())
      return llvm::createStringError("the kernel releases memory through a pointer");
    release->eraseFromParent();
  }
  return bytes;
}

/// Bodies for Halide's error functions, which no_runtime leaves undefined.
static void defineErrorFunctions(llvm::Module &module) {
  for (llvm::Function &function : module) {
    if (!function.isDeclaration() || !function.getName().starts_with("halide_") ||
        function.getName() == "halide_malloc" || function.getName() == "halide_free")
      continue;
    function.setLinkage(llvm::GlobalValue::InternalLinkage);
    llvm::IRBuilder<> builder(llvm::BasicBlock::Create(module.getContext(), "", &function));
    llvm::Type *type = function.getReturnType();
    if (type->isVoidTy())
      builder.CreateRetVoid();
    else if (type->isIntegerTy(32))
      builder.CreateRet(builder.getInt32(boundsError));
    else
      builder.CreateRet(llvm::Constant::getNullValue(type));
  }
}

static void allowContraction(llvm::Function &kernel) {
  for (llvm::Instruction &instruction : llvm::instructions(kernel)) {
    unsigned opcode = instruction.getOpcode();
    if (opcode == llvm::Instruction::FAdd || opcode == llvm::Instruction::FSub || opcode == llvm::Instruction::FMul)
      instruction.setHasAllowContract(true);
  }
}

/// Takes from the code of `module` what `features` lack of the table of features. Halide's name for VNNI means a
/// processor of AMD, which has instructions that others do not.
static void restrictFeatures(llvm::Module &module, uint64_t features) {
  llvm::StringSet<> others;
  for (const CpuFeature &feature : getCpuFeatures())
    if (!(features & feature.bit)) {
      llvm::SmallVector<llvm::StringRef> names;
      feature.llvmName.split(names, ',');
      for (llvm::StringRef name : names)
        others.insert("+" + name.str());
    }
  for (llvm::Function &function : module) {
    if (function.getFnAttribute("target-cpu").getValueAsString() != "znver4")
      continue;
    function.addFnAttr("target-cpu", "skylake-avx512");
    llvm::SmallVector<llvm::StringRef> names;
    function.getFnAttribute("target-features").getValueAsString().split(names, ',', -1, /*KeepEmpty=*/false);
    llvm::erase_if(names, [&](llvm::StringRef name) { return others.contains(name); });
    function.addFnAttr("target-features", llvm::join(names, ","));
  }
}

llvm::Expected<CompiledKernel> finishKernel(llvm::StringRef halideBitcode, const Machine &machine) {
  llvm::LLVMContext context;
  auto parsed = llvm::parseBitcodeFile(llvm::MemoryBufferRef(halideBitcode, "kernel"), context);
  if (!parsed)
    return parsed.takeError();
  llvm::Module &module = **parsed;
  for (llvm::Function &function : llvm::make_early_inc_range(module))
    if (!function.isDeclaration() && (function.getName() == "kernel_argv" || function.getName() == "kernel_metadata")) {
      function.replaceAllUsesWith(llvm::PoisonValue::get(function.getType()));
      function.eraseFromParent();
    }
  llvm::Function *kernel = module.getFunction("kernel");
  if (!kernel || kernel->isDeclaration())
    return llvm::createStringError("the kernel's function is missing");
  for (llvm::GlobalVariable &variable : llvm::make_early_inc_range(module.globals())) {
    variable.removeDeadConstantUsers();
    if (variable.use_empty() && variable.hasName() && variable.getName().starts_with("kernel_metadata"))
      variable.eraseFromParent();
  }
  dropMetadata(module);
  restrictFeatures(module, machine.features);
  llvm::Expected<int64_t> scratch = placeAllocations(module, *kernel);
  if (!scratch)
    return scratch.takeError();
  defineErrorFunctions(module);
  allowContraction(*kernel);
  adjustPrefetches(module);
  kernel->addFnAttr(llvm::Attribute::NoInline);
  module.setSourceFileName("kernel");
  module.setModuleIdentifier("kernel");
  if (llvm::verifyModule(module, &llvm::errs()))
    return llvm::createStringError("the kernel's bitcode is broken");
  CompiledKernel compiled;
  compiled.scratchBytes = *scratch;
  llvm::raw_string_ostream stream(compiled.bitcode);
  llvm::WriteBitcodeToFile(module, stream);
  return compiled;
}

} // namespace dlc::halide

// SPDX-License-Identifier: Apache-2.0
#include "backends/cuda/DeviceCode.h"
#include "backends/llvm/MachineCode.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Bitcode/BitcodeReader.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Verifier.h"
#include "llvm/Linker/Linker.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/Transforms/IPO/Internalize.h"

/// The files of backends/cuda/kernels.
#define DLC_CUDA_KERNELS(X)                                                                                            \
  X(AttentionSm75)                                                                                                     \
  X(AttentionSm80)                                                                                                     \
  X(Epilogue)                                                                                                          \
  X(HalfAttentionSm75)                                                                                                 \
  X(HalfAttentionSm80)                                                                                                 \
  X(HalfProductSm75)                                                                                                   \
  X(HalfProductSm80)                                                                                                   \
  X(ProductSm75)                                                                                                       \
  X(ProductSm80)

#define DLC_DECLARE(name)                                                                                              \
  extern const unsigned char runtimeBitcode_##name[];                                                                  \
  extern const unsigned long runtimeBitcodeSize_##name;
DLC_CUDA_KERNELS(DLC_DECLARE)

namespace dlc::cuda {

static constexpr llvm::StringLiteral tripleName = "nvptx64-nvidia-cuda";

static llvm::StringRef findBitcode(llvm::StringRef name) {
  auto bytes = [](const unsigned char *data, unsigned long size) {
    return llvm::StringRef(reinterpret_cast<const char *>(data), size);
  };
#define DLC_CASE(name) .Case(#name, bytes(runtimeBitcode_##name, runtimeBitcodeSize_##name))
  return llvm::StringSwitch<llvm::StringRef>(name) DLC_CUDA_KERNELS(DLC_CASE);
}

llvm::Expected<std::unique_ptr<llvm::Module>> readKernels(llvm::StringRef name, llvm::LLVMContext &context) {
  return llvm::getLazyBitcodeModule(llvm::MemoryBufferRef(findBitcode(name), name), context);
}

int64_t readConstant(llvm::Module &library, llvm::StringRef name) {
  llvm::GlobalVariable *variable = library.getNamedGlobal(name);
  return llvm::cast<llvm::ConstantInt>(variable->getInitializer())->getSExtValue();
}

static std::unique_ptr<llvm::TargetMachine> createMachine(int64_t capability) {
  LLVMInitializeNVPTXTargetInfo();
  LLVMInitializeNVPTXTarget();
  LLVMInitializeNVPTXTargetMC();
  LLVMInitializeNVPTXAsmPrinter();
  std::string error;
  llvm::Triple triple(tripleName);
  const llvm::Target *target = llvm::TargetRegistry::lookupTarget(triple, error);
  if (!target)
    return nullptr;
  // ldmatrix, which 7.5 has, takes a later version of PTX than LLVM's least for it.
  llvm::StringRef features = capability < 80 ? "+ptx65" : "";
  return std::unique_ptr<llvm::TargetMachine>(
      target->createTargetMachine(triple, "sm_" + std::to_string(capability), features, llvm::TargetOptions(),
                                  std::nullopt, std::nullopt, llvm::CodeGenOptLevel::Aggressive));
}

std::unique_ptr<llvm::Module> createDeviceModule(llvm::LLVMContext &context) {
  auto module = std::make_unique<llvm::Module>("kernel", context);
  std::unique_ptr<llvm::TargetMachine> machine = createMachine(75);
  module->setTargetTriple(llvm::Triple(tripleName));
  module->setDataLayout(machine->createDataLayout());
  return module;
}

void markAsKernel(llvm::Function &function, unsigned threads) {
  function.setCallingConv(llvm::CallingConv::PTX_Kernel);
  function.addFnAttr("nvvm.maxntid", std::to_string(threads));
  // Registers are worth more than a second block.
  function.addFnAttr("nvvm.minctasm", "1");
}

llvm::Expected<std::string> compileToPtx(std::unique_ptr<llvm::Module> module,
                                         std::vector<std::unique_ptr<llvm::Module>> libraries, int64_t capability) {
  std::unique_ptr<llvm::TargetMachine> machine = createMachine(capability);
  if (!machine)
    return llvm::createStringError("this compiler has no code generator for GPUs");
  for (std::unique_ptr<llvm::Module> &library : libraries) {
    library->setDataLayout(module->getDataLayout());
    library->setTargetTriple(module->getTargetTriple());
    if (llvm::Linker::linkModules(*module, std::move(library), llvm::Linker::LinkOnlyNeeded))
      return llvm::createStringError("the functions of the device cannot be linked");
  }
  if (llvm::NamedMDNode *identification = module->getNamedMetadata("llvm.ident"))
    identification->eraseFromParent();
  llvm::internalizeModule(*module, [](const llvm::GlobalValue &value) {
    auto *function = llvm::dyn_cast<llvm::Function>(&value);
    return function && function->getCallingConv() == llvm::CallingConv::PTX_Kernel;
  });
  for (llvm::Function &function : *module) {
    if (function.isIntrinsic())
      continue;
    if (function.isDeclaration())
      return llvm::createStringError("the device lacks " + function.getName());
    // Registers of the kernel hold what a function would be given in memory.
    function.removeFnAttr(llvm::Attribute::NoInline);
    function.removeFnAttr("target-cpu");
    function.removeFnAttr("target-features");
    if (function.getCallingConv() != llvm::CallingConv::PTX_Kernel)
      function.addFnAttr(llvm::Attribute::AlwaysInline);
  }
  std::string problems;
  llvm::raw_string_ostream problemStream(problems);
  if (llvm::verifyModule(*module, &problemStream))
    return llvm::createStringError("the code for the device is broken: " + problems);
  optimize(*module, *machine, llvm::OptimizationLevel::O3);
  llvm::SmallVector<char, 0> text;
  llvm::raw_svector_ostream stream(text);
  llvm::legacy::PassManager passes;
  if (machine->addPassesToEmitFile(passes, stream, nullptr, llvm::CodeGenFileType::AssemblyFile))
    return llvm::createStringError("there is no PTX for this GPU");
  passes.run(*module);
  return std::string(text.data(), text.size());
}

} // namespace dlc::cuda

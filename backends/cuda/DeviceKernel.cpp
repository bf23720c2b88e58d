// SPDX-License-Identifier: Apache-2.0
#include "backends/cuda/DeviceKernel.h"
#include "llvm/Bitcode/BitcodeReader.h"
#include "llvm/Bitcode/BitcodeWriter.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"

namespace dlc::cuda {
namespace {

/// Halide's PTX, and its name as a constant of the module.
constexpr llvm::StringLiteral sourceName = "cuda_gpu_source_kernels.data";

class DeviceKernel {
public:
  explicit DeviceKernel(llvm::Module &module) : module(module) {}

  llvm::Error bind() {
    source = module.getNamedGlobal(sourceName);
    auto *text = source ? llvm::dyn_cast<llvm::ConstantDataArray>(source->getInitializer()) : nullptr;
    if (!text)
      return llvm::createStringError("the kernel has no code for the device");
    if (text->getRawDataValues().contains(".extern .func"))
      return llvm::createStringError("the kernel calls a function that the device lacks");
    forEachCall("halide_cuda_run", [&](llvm::CallInst *call) { bindLaunch(call); });
    forEachCall("halide_copy_to_device", [&](llvm::CallInst *call) { drop(call); });
    forEachCall("halide_cuda_initialize_kernels", [&](llvm::CallInst *call) { drop(call); });
    forEachCall("halide_cuda_finalize_kernels", [&](llvm::CallInst *call) { call->eraseFromParent(); });
    forEachCall("halide_device_malloc", [&](llvm::CallInst *call) { forward(call, "dlcDeviceMalloc"); });
    forEachCall("halide_device_free", [&](llvm::CallInst *call) { forward(call, "dlcDeviceFree"); });
    forEachCall("halide_device_free_as_destructor", [&](llvm::CallInst *call) { forward(call, "dlcDeviceFree"); });
    forEachCall("halide_cuda_device_interface", [&](llvm::CallInst *call) { drop(call); });
    // A tensor that only the device sees takes 0 bytes of the host's memory.
    bool usesHost = false;
    forEachCall("halide_malloc", [&](llvm::CallInst *call) {
      auto *bytes = llvm::dyn_cast<llvm::ConstantInt>(call->getArgOperand(1));
      usesHost |= !bytes || !bytes->isZero();
      drop(call);
    });
    forEachCall("halide_free", [&](llvm::CallInst *call) { call->eraseFromParent(); });
    if (usesHost)
      return llvm::createStringError("a part of the kernel needs memory of the host");
    for (llvm::Function &function : module)
      if (function.isDeclaration() && function.getName().starts_with("halide_") && !function.use_empty())
        return llvm::createStringError("the kernel calls " + function.getName());
    return llvm::Error::success();
  }

private:
  void forEachCall(llvm::StringRef name, llvm::function_ref<void(llvm::CallInst *)> visit) {
    llvm::Function *function = module.getFunction(name);
    if (!function)
      return;
    for (llvm::User *user : llvm::make_early_inc_range(function->users()))
      if (auto *call = llvm::dyn_cast<llvm::CallInst>(user); call && call->getCalledFunction() == function)
        visit(call);
    if (function->use_empty())
      function->eraseFromParent();
  }

  /// Removes `call`, whose result is all zeros.
  static void drop(llvm::CallInst *call) {
    call->replaceAllUsesWith(llvm::Constant::getNullValue(call->getType()));
    call->eraseFromParent();
  }

  /// Calls `name` with the thread's scratch and the buffer.
  void forward(llvm::CallInst *call, llvm::StringRef name) {
    llvm::IRBuilder<> builder(call);
    llvm::Type *pointer = builder.getPtrTy();
    auto callee = module.getOrInsertFunction(name, builder.getInt32Ty(), pointer, pointer);
    llvm::Value *status = builder.CreateCall(callee, {call->getArgOperand(0), call->getArgOperand(1)});
    if (!call->getType()->isVoidTy())
      call->replaceAllUsesWith(status);
    call->eraseFromParent();
  }

  /// The code takes the position of Halide's handle for it.
  void bindLaunch(llvm::CallInst *call) {
    llvm::IRBuilder<> builder(call);
    llvm::SmallVector<llvm::Value *> operands(call->args());
    operands[1] = source;
    llvm::SmallVector<llvm::Type *> types;
    for (llvm::Value *operand : operands)
      types.push_back(operand->getType());
    auto callee = module.getOrInsertFunction("dlcDeviceLaunch",
                                             llvm::FunctionType::get(builder.getInt32Ty(), types, /*isVarArg=*/false));
    call->replaceAllUsesWith(builder.CreateCall(callee, operands));
    call->eraseFromParent();
  }

  llvm::Module &module;
  llvm::GlobalVariable *source = nullptr;
};

/// Whether the host part has tensors of its own, which would have to be copied to the device.
bool hasOwnTables(const llvm::Module &module) {
  for (const llvm::GlobalVariable &variable : module.globals())
    if (variable.getValueType()->isStructTy() && !variable.isConstant())
      return true;
  return false;
}

} // namespace

llvm::Expected<std::string> bindDeviceKernel(llvm::StringRef halidesBitcode) {
  llvm::LLVMContext context;
  auto module = llvm::parseBitcodeFile(llvm::MemoryBufferRef(halidesBitcode, "kernel"), context);
  if (!module)
    return module.takeError();
  if (hasOwnTables(**module))
    return llvm::createStringError("the kernel has tables of its own");
  if (llvm::Error problem = DeviceKernel(**module).bind())
    return problem;
  std::string bitcode;
  llvm::raw_string_ostream stream(bitcode);
  llvm::WriteBitcodeToFile(**module, stream);
  return bitcode;
}

} // namespace dlc::cuda

// SPDX-License-Identifier: Apache-2.0
#include "backends/cuda/HostKernel.h"
#include "llvm/Bitcode/BitcodeReader.h"
#include "llvm/Bitcode/BitcodeWriter.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"

namespace dlc::cuda {
namespace {

/// The code of dlc_status for a kernel without memory.
constexpr int outOfMemory = 6;

class KernelWrapper {
public:
  KernelWrapper(llvm::Module &module, llvm::Function &inner, unsigned results)
      : module(module), inner(inner), results(results), builder(module.getContext()) {}

  void write(int64_t scratchBytes) {
    auto *wrapper =
        llvm::Function::Create(inner.getFunctionType(), llvm::GlobalValue::ExternalLinkage, "kernel", module);
    wrapper->copyAttributesFrom(&inner);
    wrapper->setAttributes({});
    builder.SetInsertPoint(llvm::BasicBlock::Create(module.getContext(), "", wrapper));
    scratch = wrapper->getArg(0);
    llvm::SmallVector<llvm::Value *> arguments, buffers;
    for (llvm::Argument &argument : wrapper->args()) {
      arguments.push_back(&argument);
      if (argument.getArgNo() > 0 && argument.getType()->isPointerTy())
        buffers.push_back(&argument);
    }
    llvm::Type *pointer = builder.getPtrTy(), *i32 = builder.getInt32Ty();
    auto toHost = module.getOrInsertFunction("dlcDeviceToHost", i32, pointer, pointer);
    auto fromHost = module.getOrInsertFunction("dlcDeviceFromHost", i32, pointer, pointer, i32);
    // A copy that fails leaves the rest out, and every buffer gives back what it was given.
    auto *exitBlock = llvm::BasicBlock::Create(module.getContext(), "exit", wrapper);
    status = builder.CreateAlloca(i32);
    builder.CreateStore(builder.getInt32(0), status);
    for (llvm::Value *buffer : buffers)
      builder.CreateStore(llvm::ConstantPointerNull::get(builder.getPtrTy()), hostOf(buffer));
    for (llvm::Value *buffer : buffers)
      exitUnlessOk(builder.CreateCall(toHost, {scratch, buffer}), wrapper, exitBlock);
    callInner(arguments, scratchBytes, wrapper, exitBlock);
    builder.CreateBr(exitBlock);

    builder.SetInsertPoint(exitBlock);
    llvm::Value *hasSucceeded = builder.CreateICmpEQ(builder.CreateLoad(i32, status), builder.getInt32(0));
    for (size_t i = buffers.size(); i-- > 0;) {
      bool isResult = i + results >= buffers.size();
      llvm::Value *isWritten = isResult ? builder.CreateZExt(hasSucceeded, i32) : builder.getInt32(0);
      llvm::Value *outcome = builder.CreateCall(fromHost, {scratch, buffers[i], isWritten});
      llvm::Value *before = builder.CreateLoad(i32, status);
      llvm::Value *isFirst = builder.CreateICmpEQ(before, builder.getInt32(0));
      builder.CreateStore(builder.CreateSelect(isFirst, outcome, before), status);
    }
    builder.CreateRet(builder.CreateLoad(i32, status));
  }

private:
  /// The field `host` of a halide_buffer_t.
  llvm::Value *hostOf(llvm::Value *buffer) { return builder.CreateConstGEP1_64(builder.getInt8Ty(), buffer, 16); }

  void exitUnlessOk(llvm::Value *outcome, llvm::Function *wrapper, llvm::BasicBlock *exitBlock) {
    builder.CreateStore(outcome, status);
    auto *next = llvm::BasicBlock::Create(module.getContext(), "", wrapper, exitBlock);
    builder.CreateCondBr(builder.CreateICmpEQ(outcome, builder.getInt32(0)), next, exitBlock);
    builder.SetInsertPoint(next);
  }

  void callInner(llvm::SmallVector<llvm::Value *> arguments, int64_t scratchBytes, llvm::Function *wrapper,
                 llvm::BasicBlock *exitBlock) {
    llvm::Type *pointer = builder.getPtrTy();
    llvm::Value *memory = nullptr;
    if (scratchBytes > 0) {
      auto allocate = module.getOrInsertFunction("halide_malloc", pointer, pointer, builder.getInt64Ty());
      memory = builder.CreateCall(allocate, {scratch, builder.getInt64(static_cast<uint64_t>(scratchBytes))});
      exitUnlessOk(
          builder.CreateSelect(builder.CreateIsNull(memory), builder.getInt32(outOfMemory), builder.getInt32(0)),
          wrapper, exitBlock);
      arguments[0] = memory;
    }
    builder.CreateStore(builder.CreateCall(&inner, arguments), status);
    if (memory)
      builder.CreateCall(module.getOrInsertFunction("halide_free", builder.getVoidTy(), pointer, pointer),
                         {scratch, memory});
  }

  llvm::Module &module;
  llvm::Function &inner;
  unsigned results;
  llvm::IRBuilder<> builder;
  llvm::Value *scratch = nullptr, *status = nullptr;
};

/// The kernel in the wrapper.
constexpr llvm::StringLiteral innerName = "kernel.host";

} // namespace

bool isCopiedAround(llvm::StringRef bitcode) {
  llvm::LLVMContext context;
  auto module = llvm::getLazyBitcodeModule(llvm::MemoryBufferRef(bitcode, "kernel"), context);
  if (!module) {
    llvm::consumeError(module.takeError());
    return false;
  }
  return (*module)->getFunction(innerName) != nullptr;
}

llvm::Expected<std::string> copyAroundKernel(llvm::StringRef bitcode, int64_t scratchBytes, unsigned results) {
  llvm::LLVMContext context;
  auto module = llvm::parseBitcodeFile(llvm::MemoryBufferRef(bitcode, "kernel"), context);
  if (!module)
    return module.takeError();
  llvm::Function *inner = (*module)->getFunction("kernel");
  if (!inner || inner->isDeclaration())
    return llvm::createStringError("the kernel's function is missing");
  inner->setName(innerName);
  inner->setLinkage(llvm::GlobalValue::InternalLinkage);
  KernelWrapper(**module, *inner, results).write(scratchBytes);
  std::string result;
  llvm::raw_string_ostream stream(result);
  llvm::WriteBitcodeToFile(**module, stream);
  return result;
}

} // namespace dlc::cuda

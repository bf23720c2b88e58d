// SPDX-License-Identifier: Apache-2.0
#include "backends/cuda/LaunchStub.h"
#include "llvm/Bitcode/BitcodeWriter.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"

using llvm::Value;

namespace dlc::cuda {
namespace {

class StubWriter {
public:
  StubWriter(llvm::Module &module, const LaunchStub &stub) : module(module), stub(stub), builder(module.getContext()) {}

  void write(llvm::StringRef ptx) {
    llvm::Type *pointer = builder.getPtrTy(), *i32 = builder.getInt32Ty();
    KernelFuncOp kernel = stub.kernel;
    size_t inputs = kernel.getBody().front().getNumArguments(),
           symbolCount = kernel.getSymbols() ? kernel.getSymbols()->size() : 0;
    llvm::SmallVector<llvm::Type *> types(1 + inputs, pointer);
    types.append(symbolCount, i32);
    types.push_back(pointer);
    auto *function = llvm::Function::Create(llvm::FunctionType::get(i32, types, /*isVarArg=*/false),
                                            llvm::GlobalValue::ExternalLinkage, "kernel", module);
    builder.SetInsertPoint(llvm::BasicBlock::Create(module.getContext(), "", function));

    // The device takes tensors first, then symbols.
    llvm::SmallVector<Value *> symbols, buffers, arguments;
    for (size_t i = 0; i < inputs; ++i)
      buffers.push_back(function->getArg(1 + i));
    for (size_t i = 0; i < symbolCount; ++i)
      symbols.push_back(function->getArg(1 + inputs + i));
    buffers.push_back(function->getArg(1 + inputs + symbolCount));
    arguments = buffers;
    for (Value *symbol : symbols) {
      arguments.push_back(builder.CreateAlloca(i32));
      builder.CreateStore(symbol, arguments.back());
    }
    auto *arrayType = llvm::ArrayType::get(pointer, arguments.size());
    Value *array = builder.CreateAlloca(arrayType);
    llvm::SmallVector<uint64_t> sizes;
    llvm::SmallVector<uint8_t> areBuffers;
    for (auto [i, argument] : llvm::enumerate(arguments)) {
      builder.CreateStore(argument, builder.CreateConstGEP2_64(arrayType, array, 0, i));
      sizes.push_back(i < buffers.size() ? 8 : 4);
      areBuffers.push_back(i < buffers.size());
    }
    sizes.push_back(0);

    ExtentCode extents(builder, symbols);
    Value *blocks = extents.emit(stub.blocks);
    Value *name = createString(stub.name);
    if (!stub.aligned.empty())
      name = builder.CreateSelect(areAligned(buffers), name, createString(stub.getNarrowName()));
    Value *one = builder.getInt32(1);
    llvm::SmallVector<Value *> operands{function->getArg(0),
                                        createString(ptx),
                                        name,
                                        blocks,
                                        one,
                                        one,
                                        builder.getInt32(stub.threads),
                                        one,
                                        one,
                                        builder.getInt32(static_cast<uint32_t>(stub.sharedBytes)),
                                        createConstant(llvm::ConstantDataArray::get(module.getContext(), sizes)),
                                        array,
                                        createConstant(llvm::ConstantDataArray::get(module.getContext(), areBuffers))};
    llvm::SmallVector<llvm::Type *> operandTypes;
    for (Value *operand : operands)
      operandTypes.push_back(operand->getType());
    auto callee =
        module.getOrInsertFunction("dlcDeviceLaunch", llvm::FunctionType::get(i32, operandTypes, /*isVarArg=*/false));
    builder.CreateRet(builder.CreateCall(callee, operands));
  }

private:
  /// Whether what the entry needs begins at multiples of 16 bytes.
  Value *areAligned(llvm::ArrayRef<Value *> buffers) {
    Value *all = builder.getInt64(0);
    for (unsigned tensor : stub.aligned) {
      // The first field of a buffer is its address on the device.
      all = builder.CreateOr(all, builder.CreateLoad(builder.getInt64Ty(), buffers[tensor]));
    }
    return builder.CreateICmpEQ(builder.CreateAnd(all, builder.getInt64(15)), builder.getInt64(0));
  }

  Value *createConstant(llvm::Constant *value) {
    auto *variable = new llvm::GlobalVariable(module, value->getType(), /*isConstant=*/true,
                                              llvm::GlobalValue::PrivateLinkage, value, "launch");
    return variable;
  }
  Value *createString(llvm::StringRef text) {
    return createConstant(llvm::ConstantDataArray::getString(module.getContext(), text));
  }

  llvm::Module &module;
  const LaunchStub &stub;
  llvm::IRBuilder<> builder;
};

} // namespace

std::string LaunchStub::write(llvm::StringRef ptx) const {
  llvm::LLVMContext context;
  llvm::Module module("kernel", context);
  StubWriter(module, *this).write(ptx);
  std::string bitcode;
  llvm::raw_string_ostream stream(bitcode);
  llvm::WriteBitcodeToFile(module, stream);
  return bitcode;
}

} // namespace dlc::cuda

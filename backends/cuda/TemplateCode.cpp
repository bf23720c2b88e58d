// SPDX-License-Identifier: Apache-2.0
#include "backends/cuda/TemplateCode.h"
#include "backends/cuda/DeviceCode.h"

using llvm::Value;

namespace dlc::cuda {

TemplateCode::TemplateCode(llvm::Module &module, KernelFuncOp kernel)
    : module(module), builder(module.getContext()), kernel(kernel) {
  fields.assign(kernel.getBody().front().getNumArguments() + 1, builder.getPtrTy());
  tensors = static_cast<unsigned>(fields.size());
  fields.append(kernel.getSymbols() ? kernel.getSymbols()->size() : 0, builder.getInt32Ty());
  context = llvm::StructType::get(module.getContext(), fields);
}

void TemplateCode::writeEntry(llvm::StringRef name, unsigned threads, llvm::StringRef instance,
                              llvm::function_ref<llvm::SmallVector<Value *>(ExtentCode &)> listArguments) {
  auto *function = llvm::Function::Create(llvm::FunctionType::get(builder.getVoidTy(), fields, /*isVarArg=*/false),
                                          llvm::GlobalValue::ExternalLinkage, name, module);
  markAsKernel(*function, threads);
  builder.SetInsertPoint(llvm::BasicBlock::Create(module.getContext(), "", function));
  Value *memory = builder.CreateAlloca(context);
  symbols.clear();
  for (llvm::Argument &argument : function->args()) {
    unsigned number = argument.getArgNo();
    if (number < tensors) {
      function->addParamAttr(number, llvm::Attribute::NoAlias);
      if (number + 1 < tensors)
        function->addParamAttr(number, llvm::Attribute::ReadOnly);
    } else {
      symbols.push_back(&argument);
    }
    builder.CreateStore(&argument, builder.CreateStructGEP(context, memory, number));
  }
  ExtentCode extents(builder, symbols);
  llvm::SmallVector<Value *> arguments{memory};
  llvm::append_range(arguments, listArguments(extents));
  llvm::SmallVector<llvm::Type *> types;
  for (Value *argument : arguments)
    types.push_back(argument->getType());
  auto callee =
      module.getOrInsertFunction(instance, llvm::FunctionType::get(builder.getVoidTy(), types, /*isVarArg=*/false));
  builder.CreateCall(callee, arguments);
  builder.CreateRetVoid();
}

llvm::Function *TemplateCode::begin(llvm::StringRef name, llvm::Type *result, llvm::ArrayRef<llvm::Type *> parameters) {
  llvm::SmallVector<llvm::Type *> types{builder.getPtrTy()};
  llvm::append_range(types, parameters);
  auto *function = llvm::Function::Create(llvm::FunctionType::get(result, types, /*isVarArg=*/false),
                                          llvm::GlobalValue::ExternalLinkage, name, module);
  builder.SetInsertPoint(llvm::BasicBlock::Create(module.getContext(), "", function));
  symbols.clear();
  for (unsigned number = tensors; number < fields.size(); ++number)
    symbols.push_back(
        builder.CreateLoad(builder.getInt32Ty(), builder.CreateStructGEP(context, function->getArg(0), number)));
  return function;
}

Value *TemplateCode::elementAt(unsigned tensor, llvm::Type *element, Value *position) {
  Value *own = builder.GetInsertBlock()->getParent()->getArg(0);
  Value *base = builder.CreateLoad(builder.getPtrTy(), builder.CreateStructGEP(context, own, tensor));
  return builder.CreateGEP(element, base, builder.CreateZExt(position, builder.getInt64Ty()));
}

} // namespace dlc::cuda

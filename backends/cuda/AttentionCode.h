// SPDX-License-Identifier: Apache-2.0
/// \file
/// What the template for attention calls: where rows are, which keys a query attends to, and what its scores are.
#ifndef DLC_BACKENDS_CUDA_ATTENTIONCODE_H
#define DLC_BACKENDS_CUDA_ATTENTIONCODE_H

#include "backends/cuda/TemplateCode.h"
#include "ir/KernelShapes.h"
#include "ir/OpsAttention.h"

namespace dlc::cuda {

class AttentionCode : public TemplateCode {
public:
  AttentionCode(llvm::Module &module, KernelFuncOp kernel, const KernelShapes &shapes, AttentionOp op)
      : TemplateCode(module, kernel), shapes(shapes), op(op) {}

  void writeFunctions();

  /// The factor of scores in the exponents of 2.
  double getExponent();

private:
  void writeRow(llvm::StringRef name, mlir::Value tensor);
  void writeBounds();
  void writeScore();
  void writeStore();

  /// Whether scores are the products, without their scale.
  bool areScoresPlain();
  /// The number of keys of a sample, i64.
  llvm::Value *countKeys(ExtentCode &extents, llvm::Value *sample);
  /// The element of a tensor at an index of [sample, head, query, key] or less, with dimensions that broadcast.
  llvm::Value *loadAt(ExtentCode &extents, mlir::Value tensor, llvm::Type *type, llvm::ArrayRef<llvm::Value *> index);
  llvm::Value *getPosition(ExtentCode &extents, mlir::Value tensor, llvm::ArrayRef<llvm::Value *> index);

  const KernelShapes &shapes;
  AttentionOp op;
};

} // namespace dlc::cuda

#endif // DLC_BACKENDS_CUDA_ATTENTIONCODE_H

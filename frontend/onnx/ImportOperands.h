// SPDX-License-Identifier: Apache-2.0
/// \file
/// Checks and forms of operands that families of ops share.
#ifndef DLC_FRONTEND_ONNX_IMPORTOPERANDS_H
#define DLC_FRONTEND_ONNX_IMPORTOPERANDS_H

#include "formats/onnx/OpTable.h"
#include "frontend/onnx/NodeImporter.h"

namespace dlc::onnx_import {

using onnx_format::ElementClass;

/// Reports an error unless operand `i` exists and its elements are of the class.
bool expectElements(NodeImporter &node, int64_t i, ElementClass allowed);

/// The two operands of an elementwise op, of one element type. Before opset 7 the second one may be placed at dimension
/// `axis` of the first one, which is made explicit here. Null after an error.
std::pair<mlir::Value, mlir::Value> getBroadcastOperands(NodeImporter &node, ElementClass allowed);

/// Low pads, then high pads, of a window of extents `kernel` over the spatial dimensions of operand 0, from the
/// attributes `pads` and `auto_pad`.
llvm::SmallVector<int64_t> getPads(NodeImporter &node, llvm::ArrayRef<int64_t> kernel, llvm::ArrayRef<int64_t> strides,
                                   llvm::ArrayRef<int64_t> dilations);

/// Whether `auto_pad` asks for padding that follows from spatial extents of operand 0 that only a run knows.
bool needsPaddedOperand(NodeImporter &node, llvm::ArrayRef<int64_t> strides);

/// `x`, whose windows are to give an extent of 1/stride rounded up, with the elements that `auto_pad` asks for: the
/// scalar `padding`, or zeros.
mlir::Value padToSame(NodeImporter &node, mlir::Value x, llvm::ArrayRef<int64_t> kernel,
                      llvm::ArrayRef<int64_t> strides, llvm::ArrayRef<int64_t> dilations, mlir::Value padding = {});

/// `value` with `extent` elements in dimension `dim`, which a run checks.
mlir::Value fixExtent(NodeImporter &node, mlir::Value value, size_t dim, mlir::AffineExpr extent);

/// `x` with extent 1 in `before` leading and `after` trailing dimensions more, as a bias of channels takes them.
mlir::Value unsqueezeAround(NodeImporter &node, mlir::Value x, int64_t before, int64_t after);

} // namespace dlc::onnx_import

#endif // DLC_FRONTEND_ONNX_IMPORTOPERANDS_H

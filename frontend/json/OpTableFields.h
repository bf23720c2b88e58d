// SPDX-License-Identifier: Apache-2.0
/// \file
/// What the table of ops (formats/onnx) says of attributes, as rules of the model format.
#ifndef DLC_FRONTEND_JSON_OPTABLEFIELDS_H
#define DLC_FRONTEND_JSON_OPTABLEFIELDS_H

#include "formats/onnx/OpTable.h"
#include "frontend/json/Attributes.h"
#include "mlir/IR/Builders.h"

namespace dlc::json {

/// The keys of `attributes` of the node that `row` describes, and of its activation layer, where they are called as the
/// op's.
std::vector<Field> getNodeFields(const onnx_format::OpRow &row);
std::vector<Field> getLayerFields(const onnx_format::OpRow &row);

/// The op's attributes, from those of a node or, if `isLayer`, of a layer.
llvm::SmallVector<mlir::NamedAttribute> getOpAttributes(mlir::OpBuilder &builder, const Attributes &attributes,
                                                        const onnx_format::OpRow &row, bool isLayer = false);

} // namespace dlc::json

#endif // DLC_FRONTEND_JSON_OPTABLEFIELDS_H

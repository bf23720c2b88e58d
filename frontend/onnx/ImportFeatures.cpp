// SPDX-License-Identifier: Apache-2.0
// Ops of ai.onnx.ml that prepare features and pass on what classifiers give. Strings are errors: dlc computes with
// numbers.
#include "frontend/onnx/ImportOperands.h"
#include "frontend/onnx/MachineLearning.h"
#include "frontend/onnx/OpRegistry.h"
#include "ir/OpsComparison.h"
#include "ir/OpsIndexing.h"
#include "ir/OpsLogic.h"
#include "ir/OpsMovement.h"
#include "ir/OpsReduction.h"
#include <cmath>

using namespace mlir;

namespace dlc::onnx_import {
namespace {

/// The numbers of an attribute, one for all features or one per feature, to be broadcast to operand 0.
Value getPerFeature(NodeImporter &node, StringRef name, ArrayRef<double> values, Type type) {
  if (node.hasFailed())
    return {};
  auto count = static_cast<int64_t>(values.size());
  ArrayRef<AffineExpr> dims = node.getDims(0);
  if (count == 1)
    return node.createScalar(type, values.front());
  if (dims.empty() || constantDim(dims.back()) != count) {
    node.error() << "attribute '" << name << "' has " << count << " numbers, expected 1 or one per feature";
    return {};
  }
  return node.createReals(type, {count}, values);
}

void importScaler(NodeImporter &node) {
  if (!node.expectOperands(1, 1) || !expectElements(node, 0, ElementClass::Number))
    return;
  Type f32 = node.getBuilder().getF32Type();
  SmallVector<double> offset = node.getReals("offset").value_or(SmallVector<double>{0}),
                      scale = node.getReals("scale").value_or(SmallVector<double>{1});
  Value x = node.cast(node.getOperand(0), f32);
  Value shifted = node.subtract(x, getPerFeature(node, "offset", offset, f32));
  node.setResult(0, node.multiply(shifted, getPerFeature(node, "scale", scale, f32)));
}

void importNormalizer(NodeImporter &node) {
  if (!node.expectOperands(1, 1))
    return;
  Type f32 = node.getBuilder().getF32Type();
  std::string norm = node.getString("norm", "MAX");
  Value x = getFeatures(node, f32);
  if (norm != "MAX" && norm != "L1" && norm != "L2" && !node.hasFailed())
    node.error() << "has the norm '" << norm << "'; expected MAX, L1 or L2";
  ReductionKind kind = norm == "MAX" ? ReductionKind::Max : norm == "L1" ? ReductionKind::L1 : ReductionKind::L2;
  Value size = node.create<ReduceOp>(kind, x, ArrayRef<int64_t>{1}, true), zero = node.createScalar(f32, 0);
  Value result = node.create<WhereOp>(node.create<EqualOp>(size, zero), x, node.divide(x, size));
  if (!node.hasFailed())
    node.setResult(0, node.reshape(result, node.getDims(0)));
}

void importImputer(NodeImporter &node) {
  if (!node.expectOperands(1, 1) || !expectElements(node, 0, ElementClass::Number))
    return;
  Type type = node.getElementType(0);
  bool isReal = llvm::isa<FloatType>(type);
  StringRef name = isReal ? "imputed_value_floats" : "imputed_value_int64s";
  SmallVector<double> values;
  if (isReal)
    values = node.getReals(name).value_or(SmallVector<double>());
  else
    llvm::append_range(values, node.getIntegers(name).value_or(SmallVector<int64_t>()));
  if (values.empty() && !node.hasFailed())
    node.error() << "lacks '" << name << "'";
  double replaced = isReal ? node.getReal("replaced_value_float", 0)
                           : static_cast<double>(node.getInteger("replaced_value_int64", 0));
  Value x = node.getOperand(0);
  Value isMissing = isReal && std::isnan(replaced) ? node.create<IsNanOp>(x)
                                                   : node.create<EqualOp>(x, node.createScalar(type, replaced));
  node.setResult(0, node.create<WhereOp>(isMissing, getPerFeature(node, name, values, type), x));
}

void importBinarizer(NodeImporter &node) {
  if (!node.expectOperands(1, 1) || !expectElements(node, 0, ElementClass::Number))
    return;
  Type type = node.getElementType(0);
  Value threshold = node.createScalar(type, node.getReal("threshold", 0));
  node.setResult(0, node.cast(node.create<GreaterOp>(node.getOperand(0), threshold), type));
}

/// Operands side by side, of each as many columns as the attribute says.
void importFeatureVectorizer(NodeImporter &node) {
  int64_t count = node.getNumOperands();
  SmallVector<int64_t> sizes = node.getSizes("inputdimensions", count, -1, 0);
  if (count == 0 && !node.hasFailed())
    node.error() << "lacks operands";
  Type f32 = node.getBuilder().getF32Type();
  SmallVector<Value> parts;
  for (int64_t i = 0; i < count && !node.hasFailed(); ++i) {
    Dims dims(node.getDims(i));
    if (dims.size() == 1)
      dims.push_back(node.extent(1));
    std::optional<int64_t> extent = dims.size() == 2 ? constantDim(dims[1]) : std::nullopt;
    if (!extent) {
      node.error() << "expects columns, whose number is known";
      return;
    }
    Value part = node.cast(node.reshape(node.getOperand(i), dims), f32);
    if (sizes[i] >= 0 && sizes[i] != *extent)
      part = node.create<PadOp>(part, Value(), node.integers({0, 0}), node.integers({0, sizes[i] - *extent}),
                                PadMode::Constant);
    parts.push_back(part);
  }
  if (!node.hasFailed())
    node.setResult(0, parts.size() == 1 ? parts.front() : node.create<ConcatOp>(ValueRange(parts), node.integer(1)));
}

void importArrayFeatureExtractor(NodeImporter &node) {
  if (!node.expectOperands(2, 2) || !expectElements(node, 1, ElementClass::Integer))
    return;
  Dims dims(node.getDims(0));
  if (dims.empty()) {
    node.error() << "expects an operand of rank 1 or more";
    return;
  }
  if (dims.size() == 1)
    dims.insert(dims.begin(), node.extent(1));
  AffineExpr count = elementCount(node.getDims(1), node.getContext());
  Value indices = node.reshape(node.getOperand(1), {count});
  node.setResult(0, node.create<GatherOp>(node.reshape(node.getOperand(0), dims), indices,
                                          node.integer(static_cast<int64_t>(dims.size()) - 1)));
}

/// `x` with a last dimension of extent 1 more.
Value addColumn(NodeImporter &node, Value x) {
  if (node.hasFailed())
    return {};
  Dims dims(node.getDims(x));
  dims.push_back(node.extent(1));
  return node.reshape(x, dims);
}

/// A category that is not in the list has no 1, whatever `zeros` says.
void importOneHotEncoder(NodeImporter &node) {
  if (!node.expectOperands(1, 1) || !expectElements(node, 0, ElementClass::Number))
    return;
  std::optional<SmallVector<int64_t>> categories = node.getIntegers("cats_int64s");
  if (!categories || categories->empty()) {
    if (!node.hasFailed())
      node.error() << "has no categories that are integers; dlc does not compute with strings";
    return;
  }
  Type i64 = node.getBuilder().getI64Type();
  Value x = addColumn(node, node.cast(node.getOperand(0), i64));
  node.setResult(
      0, node.cast(node.create<EqualOp>(x, node.createIntegers(i64, *categories)), node.getBuilder().getF32Type()));
}

/// Keys or values of a LabelEncoder, or null where the node has none that are numbers.
Value getLabelTable(NodeImporter &node, StringRef what) {
  std::string prefix = what.str() + "_";
  if (std::optional<SmallVector<int64_t>> integers = node.getIntegers(prefix + "int64s"))
    return node.createIntegers(node.getBuilder().getI64Type(), *integers);
  if (std::optional<SmallVector<double>> reals = node.getReals(prefix + "floats"))
    return node.createReals(node.getBuilder().getF32Type(), {static_cast<int64_t>(reals->size())}, *reals);
  if (!node.hasAttribute(prefix + "tensor")) {
    if (!node.hasFailed())
      node.error() << "has no " << what << " that are numbers; dlc does not compute with strings";
    return {};
  }
  ConstantTensor tensor = node.getTensorAttribute(prefix + "tensor");
  if (!tensor)
    return {};
  Type type = tensor.type.getElementType();
  int64_t bytes = getElementSize(type);
  SmallVector<double> reals;
  SmallVector<int64_t> integers;
  for (int64_t i = 0; i < tensor.type.getNumElements(); ++i) {
    integers.push_back(readInteger(type, tensor.bytes.data() + i * bytes));
    reals.push_back(readReal(type, tensor.bytes.data() + i * bytes));
  }
  return isInteger(type) ? node.createIntegers(type, integers)
                         : node.createReals(type, {static_cast<int64_t>(reals.size())}, reals);
}

void importLabelEncoder(NodeImporter &node) {
  if (!node.expectOperands(1, 1) || !expectElements(node, 0, ElementClass::Number))
    return;
  Value keys = getLabelTable(node, "keys"), values = getLabelTable(node, "values");
  if (node.hasFailed())
    return;
  Type keyType = getElementTypeOrSelf(keys), valueType = getElementTypeOrSelf(values);
  if (keyType != node.getElementType(0) || node.getDims(keys) != node.getDims(values)) {
    node.error() << "expects keys of the operand's element type, as many as values";
    return;
  }
  Value otherwise;
  if (node.hasAttribute("default_tensor")) {
    ConstantTensor tensor = node.getTensorAttribute("default_tensor");
    if (tensor && (tensor.type.getNumElements() != 1 || tensor.type.getElementType() != valueType))
      node.error() << "has a default that is not one number of the values' element type";
    if (tensor && !node.hasFailed())
      otherwise = node.createScalar(valueType, readReal(valueType, tensor.bytes.data()));
  } else {
    otherwise = node.createScalar(valueType, llvm::isa<FloatType>(valueType)
                                                 ? node.getReal("default_float", -0.0)
                                                 : static_cast<double>(node.getInteger("default_int64", -1)));
  }
  // Of equal keys, the first counts. From opset 4 on, NaN is a key like any other.
  Value x = addColumn(node, node.getOperand(0)), isIt = node.create<EqualOp>(x, keys);
  if (llvm::isa<FloatType>(keyType) && node.getOpset() >= 4)
    isIt = node.create<OrOp>(isIt, node.create<AndOp>(node.create<IsNanOp>(x), node.create<IsNanOp>(keys)));
  if (node.hasFailed())
    return;
  auto last = static_cast<int64_t>(node.getDims(isIt).size()) - 1;
  Value matches = node.cast(isIt, node.getBuilder().getI32Type());
  Value which =
      node.create<ArgExtremeOp>(matches, node.integer(last), node.flag(false), node.flag(false), node.flag(false));
  Value found = node.create<ReduceOp>(ReductionKind::Max, matches, ArrayRef<int64_t>{last}, false);
  Value isFound = node.create<GreaterOp>(found, node.createScalar(node.getBuilder().getI32Type(), 0));
  node.setResult(0, node.create<WhereOp>(isFound, node.create<GatherOp>(values, which, node.integer(0)), otherwise));
}

/// Maps from labels to scores are the scores, in the order of the labels.
void importZipMap(NodeImporter &node) {
  if (node.expectOperands(1, 1))
    node.setTensor(0, node.getTensor(0));
}

} // namespace

void registerFeatures(OpRegistry &registry) {
  registry.add("ai.onnx.ml.Scaler", 1, importScaler);
  registry.add("ai.onnx.ml.Normalizer", 1, importNormalizer);
  registry.add("ai.onnx.ml.Imputer", 1, importImputer);
  registry.add("ai.onnx.ml.Binarizer", 1, importBinarizer);
  registry.add("ai.onnx.ml.FeatureVectorizer", 1, importFeatureVectorizer);
  registry.add("ai.onnx.ml.ArrayFeatureExtractor", 1, importArrayFeatureExtractor);
  registry.add("ai.onnx.ml.OneHotEncoder", 1, importOneHotEncoder);
  registry.add("ai.onnx.ml.LabelEncoder", 2, importLabelEncoder);
  registry.add("ai.onnx.ml.ZipMap", 1, importZipMap);
}

} // namespace dlc::onnx_import

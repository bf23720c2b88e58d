// SPDX-License-Identifier: Apache-2.0
// What a graph shows outside: its initializers, inputs and outputs.
#include "frontend/onnx/GraphImporter.h"
#include "ir/Annotations.h"
#include "ir/SignatureBuilder.h"
#include "ir/Suggestion.h"
#include "ir/TensorDescription.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;

namespace dlc::onnx_import {

/// Whether the module has another symbol called `name`.
static bool isTaken(StringRef name, bool isTrained) {
  if (!isTrained)
    return name == "run";
  return llvm::is_contained(
      {"apply_gradients", "evaluate", "gradients", "init", "predict", "seed", "step", "train_step"}, name);
}

LogicalResult GraphImporter::importInitializers(const onnx::GraphProto &graph, Scope &scope) {
  bool hasFailed = false;
  for (const onnx::TensorProto &initializer : graph.initializer()) {
    std::string error;
    FailureOr<ConstantTensor> constant = file->getTensor(initializer, error);
    if (failed(constant)) {
      emitError(getFileLocation()) << "initializer '" << initializer.name() << "': " << error;
      hasFailed = true;
    }
    Tensor *tensor = createTensor(initializer.name());
    tensor->hasFailed = failed(constant);
    if (succeeded(constant)) {
      tensor->constant = *constant;
      tensor->elementType = constant->type.getElementType();
      tensor->dims = staticDims(constant->type);
      // A parameter's name is a symbol of the module, so those of a subgraph are plain constants.
      tensor->isInitializer = !scope.parent && !initializer.name().empty() && !isTaken(initializer.name(), isTrained());
    }
    if (!scope.tensors.try_emplace(initializer.name(), tensor).second) {
      emitError(getFileLocation()) << "initializer '" << initializer.name() << "' is defined twice";
      hasFailed = true;
    }
  }
  for (const onnx::SparseTensorProto &initializer : graph.sparse_initializer()) {
    emitError(getFileLocation()) << "initializer '" << initializer.values().name()
                                 << "': sparse tensors are not supported";
    hasFailed = true;
  }
  return failure(hasFailed);
}

/// Whether a dimension's parameter is none: exporters write these for an extent without a name, and two such extents
/// have nothing to do with each other.
static bool isAnonymous(StringRef parameter) { return parameter.empty() || parameter == "?" || parameter == "None"; }

LogicalResult GraphImporter::readBindings(const onnx::GraphProto &graph) {
  LogicalResult result = success();
  for (const onnx::ValueInfoProto &input : graph.input()) {
    const auto *given =
        llvm::find_if(options.shapes, [&](const ShapeOverride &shape) { return shape.input == input.name(); });
    if (given == options.shapes.end() ||
        given->extents.size() != static_cast<size_t>(input.type().tensor_type().shape().dim_size()))
      continue;
    for (auto [dim, extent] : llvm::zip(input.type().tensor_type().shape().dim(), given->extents))
      if (auto [bound, isNew] = bindings.try_emplace(dim.dim_param(), extent);
          !isNew && bound->second != extent && !isAnonymous(dim.dim_param()))
        result = emitError(getFileLocation()) << "--shape asks for dimension '" << dim.dim_param() << "' to be both "
                                              << bound->second << " and " << extent;
  }
  for (StringRef anonymous : {"", "?", "None"})
    bindings.erase(anonymous);
  for (StringRef symbol : options.extentsOfOne)
    bindings[symbol] = 1;
  return result;
}

std::string describeDeclaredShape(const onnx::TensorShapeProto &shape) {
  return "[" +
         llvm::join(llvm::map_range(shape.dim(),
                                    [](const auto &dim) {
                                      return dim.has_dim_value()       ? std::to_string(dim.dim_value())
                                             : dim.dim_param().empty() ? "?"
                                                                       : dim.dim_param();
                                    }),
                    ", ") +
         "]";
}

AffineExpr GraphImporter::getSymbol(StringRef name) {
  if (auto bound = bindings.find(name); bound != bindings.end())
    return builder.getAffineConstantExpr(bound->second);
  return symbols.try_emplace(name, getAffineSymbolExpr(symbols.size(), getContext())).first->second;
}

FailureOr<Dims> GraphImporter::getInputDims(const onnx::ValueInfoProto &input, SmallVectorImpl<Attribute> &names) {
  const onnx::TypeProto::Tensor &type = input.type().tensor_type();
  auto fail = [&]() { return emitError(getFileLocation()) << "input '" << input.name() << "' "; };
  const auto *given =
      llvm::find_if(options.shapes, [&](const ShapeOverride &shape) { return shape.input == input.name(); });
  Dims dims;
  auto append = [&](int64_t extent) {
    dims.push_back(builder.getAffineConstantExpr(extent));
    names.push_back(builder.getI64IntegerAttr(extent));
  };
  if (given != options.shapes.end()) {
    if (type.has_shape() && given->extents.size() != static_cast<size_t>(type.shape().dim_size()))
      return LogicalResult(fail() << "is declared as " << describeDeclaredShape(type.shape()) << ", which has "
                                  << type.shape().dim_size() << " dimensions, and its --shape has "
                                  << given->extents.size());
    for (auto [dim, extent] : llvm::zip(type.shape().dim(), given->extents))
      if (dim.has_dim_value() && dim.dim_value() >= 0 && dim.dim_value() != extent)
        return LogicalResult(fail() << "is declared as " << describeDeclaredShape(type.shape())
                                    << ", and --shape asks for " << extent << " instead of " << dim.dim_value()
                                    << "; only extents with a name can be chosen");
    llvm::for_each(given->extents, append);
  } else if (!type.has_shape()) {
    return LogicalResult(fail() << "has no shape; give one with --shape " << input.name() << "=AxBxC");
  } else {
    for (auto [i, dim] : llvm::enumerate(type.shape().dim())) {
      if (dim.has_dim_value() && dim.dim_value() >= 0 && dim.dim_value() <= INT32_MAX) {
        append(dim.dim_value());
        continue;
      }
      // Some exporters write -1 for an extent that they do not know.
      if (dim.has_dim_value() && dim.dim_value() != -1)
        return LogicalResult(fail() << "has the extent " << dim.dim_value()
                                    << ", which is not between 0 and 2147483647");
      std::string name = isAnonymous(dim.dim_param()) ? input.name() + "." + std::to_string(i) : dim.dim_param();
      dims.push_back(getSymbol(name));
      if (std::optional<int64_t> bound = constantDim(dims.back()))
        names.push_back(builder.getI64IntegerAttr(*bound));
      else
        names.push_back(builder.getStringAttr(name));
    }
  }
  SmallVector<int64_t> known;
  for (AffineExpr dim : dims)
    known.push_back(constantDim(dim).value_or(1));
  if (!getTensorSize(known, builder.getF64Type()))
    return LogicalResult(fail() << "has 2^40 elements or more");
  return dims;
}

/// The type of a tensor whose extents are `dims`: those that are not constant are dynamic.
static RankedTensorType getTensorType(ArrayRef<AffineExpr> dims, Type elementType) {
  SmallVector<int64_t> shape;
  for (AffineExpr dim : dims)
    shape.push_back(constantDim(dim).value_or(ShapedType::kDynamic));
  return RankedTensorType::get(shape, elementType);
}

LogicalResult GraphImporter::importInputs(const onnx::GraphProto &graph, Scope &scope) {
  bool hasFailed = false;
  llvm::StringSet<> names;
  SignatureBuilder signature(entry);
  for (const onnx::ValueInfoProto &input : graph.input()) {
    if (!names.insert(input.name()).second) {
      emitError(getFileLocation()) << "input '" << input.name() << "' is defined twice";
      hasFailed = true;
      continue;
    }
    // An initializer that is also an input only gives that input a default, which the model uses.
    if (scope.tensors.contains(input.name()))
      continue;
    Tensor *tensor = scope.tensors[input.name()] = createTensor(input.name());
    tensor->hasFailed = true;
    SmallVector<Attribute> dimNames;
    Type elementType = getElementType(input.type().tensor_type().elem_type(), getContext());
    FailureOr<Dims> dims = failure();
    if (input.name().empty())
      emitError(getFileLocation()) << "an input has no name";
    else if (!input.type().has_tensor_type())
      emitError(getFileLocation()) << "input '" << input.name() << "' is not a tensor, which is not supported";
    else if (!elementType)
      emitError(getFileLocation()) << "input '" << input.name() << "': element type "
                                   << getElementTypeName(input.type().tensor_type().elem_type()) << " is not supported";
    else
      dims = getInputDims(input, dimNames);
    if (failed(dims)) {
      hasFailed = true;
      continue;
    }
    auto attributes = builder.getDictionaryAttr({annotation::name.with(builder.getStringAttr(input.name())),
                                                 annotation::dims.with(builder.getArrayAttr(dimNames))});
    Location location = NameLoc::get(builder.getStringAttr(input.name()), getFileLocation());
    tensor->hasFailed = false;
    tensor->elementType = elementType;
    tensor->value = signature.addArgument(getTensorType(*dims, elementType), location, attributes);
    tensor->dims = *dims;
    addSymbolInput(tensor->value, *dims);
    if (assumed && assumed->name == input.name()) {
      KnownValue known{elementType, {}, {}};
      if (!dims->empty())
        known.shape.push_back(assumed->value.size());
      for (int64_t value : assumed->value)
        known.elements.push_back(builder.getAffineConstantExpr(value));
      tensor->known = std::make_shared<KnownValue>(std::move(known));
    }
  }
  signature.finish();
  for (const ShapeOverride &shape : options.shapes)
    if (!names.contains(shape.input)) {
      SmallVector<StringRef> known(names.keys());
      llvm::sort(known);
      auto diagnostic = emitError(getFileLocation()) << "--shape names '" << shape.input << "', which is ";
      if (symbols.contains(shape.input) || bindings.contains(shape.input))
        diagnostic << "a dimension: give the extents of the inputs that have it, NAME=AxBxC";
      else
        diagnostic << "not an input of the model" << suggest(shape.input, known);
      hasFailed = true;
    }
  return failure(hasFailed);
}

LogicalResult GraphImporter::importOutputs(const onnx::GraphProto &graph, Scope &scope) {
  bool hasFailed = false;
  SmallVector<Value> results;
  SmallVector<StringRef> resultNames;
  llvm::StringSet<> names;
  for (const onnx::ValueInfoProto &output : graph.output()) {
    auto fail = [&]() {
      hasFailed = true;
      return emitError(getFileLocation()) << "output '" << output.name() << "' ";
    };
    Tensor *tensor = scope.lookup(output.name());
    if (!tensor || tensor->hasFailed) {
      fail() << "is not an input, an initializer or a result of a node";
      continue;
    }
    // Some exporters list one twice; a run gives it once.
    if (!names.insert(output.name()).second)
      continue;
    if (tensor->elements) {
      fail() << "is a sequence or an optional value, and models return tensors only";
      continue;
    }
    if (tensor->leastRank) {
      fail() << "has " << *tensor->leastRank << " or " << tensor->dims.size()
             << " dimensions, as a branch decides, and outputs have one rank";
      continue;
    }
    const onnx::TypeProto::Tensor &declared = output.type().tensor_type();
    if (declared.has_elem_type() && declared.elem_type() != onnx::TensorProto::UNDEFINED &&
        getElementType(declared.elem_type(), getContext()) != tensor->elementType) {
      fail() << "is declared with element type " << getElementTypeName(declared.elem_type()) << ", but computed as "
             << describeType(tensor->elementType);
      continue;
    }
    resultNames.push_back(output.name());
    if (Value value = materialize(*tensor, getFileLocation()))
      results.push_back(value);
    else
      fail() << "mixes numbers with extents that only a run knows";
  }
  if (graph.output_size() == 0) {
    emitError(getFileLocation()) << "the graph has no outputs";
    hasFailed = true;
  }
  if (hasFailed)
    return failure();
  func::ReturnOp::create(builder, getFileLocation(), results);
  if (ExtentChecksAttr checks = takeExtentChecks(0))
    annotation::extentChecks.set(entry, checks);
  SignatureBuilder signature(entry);
  for (auto [name, result] : llvm::zip(resultNames, results))
    signature.addResult(result.getType(),
                        builder.getDictionaryAttr(annotation::name.with(builder.getStringAttr(name))));
  signature.finish();
  return success();
}

} // namespace dlc::onnx_import

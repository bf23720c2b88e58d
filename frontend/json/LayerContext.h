// SPDX-License-Identifier: Apache-2.0
/// \file
/// Layers: operations that own their parameters and infer their sizes from their input.
#ifndef DLC_FRONTEND_JSON_LAYERCONTEXT_H
#define DLC_FRONTEND_JSON_LAYERCONTEXT_H

#include "frontend/json/Activations.h"
#include "frontend/json/OpContext.h"
#include "frontend/json/Parameters.h"
#include "frontend/json/StateScope.h"
#include "frontend/json/TrainingScope.h"

namespace dlc::json {

/// What a layer says about one of its parameters.
struct LayerParameter {
  llvm::StringRef role;
  llvm::SmallVector<llvm::StringRef, 1> otherRoles;
  /// Initializer used if neither the layer nor (where it applies) the model names one.
  llvm::StringRef initializer;
  /// The layer's key that may name an initializer; empty: none.
  llvm::StringRef initializerKey = {};
  /// Whether the model's own `initializer` applies (to weights, but not to biases or scales).
  bool followsModel = false;
  llvm::SmallVector<int64_t, 5> kernelOrder = {}; ///< see ParameterRequest
  bool isTransposed = false;                      ///< see ParameterRequest
  mlir::Type elementType = {};                    ///< the input's if null
  llvm::StringRef kind = "weight";                ///< see dlc.parameter

  /// The weight of a dense or convolution layer: glorot_uniform unless the layer or the model says otherwise.
  static LayerParameter weight(llvm::SmallVector<int64_t, 5> kernelOrder, bool isTransposed = false) {
    return {"weight", {}, "glorot_uniform", "kernel_initializer", true, std::move(kernelOrder), isTransposed};
  }
  /// The bias of such a layer.
  static LayerParameter bias() { return {"bias", {}, "zeros", "bias_initializer"}; }
};

/// Tensors that a layer names beside its input, by key.
class References {
public:
  llvm::ArrayRef<mlir::Value> get(llvm::StringRef key) const {
    auto found = values.find(key);
    return found == values.end() ? llvm::ArrayRef<mlir::Value>() : llvm::ArrayRef<mlir::Value>(found->second);
  }
  bool empty(llvm::StringRef key) const { return get(key).empty(); }
  void set(llvm::StringRef key, llvm::ArrayRef<mlir::Value> tensors) { values[key].assign(tensors); }

private:
  llvm::StringMap<llvm::SmallVector<mlir::Value, 2>> values;
};

class LayerContext;

/// A kind of layer.
struct LayerKind {
  std::string name, summary;
  std::vector<Field> fields;
  mlir::Value (*build)(LayerContext &context);
  bool takesSeveralInputs = false;          ///< `inputs` instead of `input`; required, unless `fields` says otherwise
  std::vector<std::string> references = {}; ///< keys of `fields` that name tensors
};

/// The one of `kinds` called `name`, or null.
const LayerKind *findLayerKind(llvm::ArrayRef<LayerKind> kinds, llvm::StringRef name);

class LayerContext : public OpContext {
public:
  /// A layer of `kind`, one of `kinds`: what a layer inside it may be.
  LayerContext(OpContext base, const LayerKind &kind, llvm::ArrayRef<LayerKind> kinds,
               llvm::SmallVector<mlir::Value> inputs, Parameters &parameters, StateScope &states);

  mlir::Value input() const { return inputs.front(); }
  /// Whether the input has `rank` dimensions; reports it if not.
  bool expectRank(int64_t rank);
  /// The static extent of dimension `dim` of the input, called `meaning` in the error if it is dynamic.
  std::optional<int64_t> expectExtent(int64_t dim, llvm::StringRef meaning);
  /// The value of a parameter of `shape`, in the input's element type; null after an error.
  mlir::Value parameter(const LayerParameter &description, llvm::ArrayRef<int64_t> shape);
  /// `count` integers of an attribute that takes one for all or one each; nothing, with an error, if there are more or
  /// fewer.
  std::optional<llvm::SmallVector<int64_t>> spatial(llvm::StringRef key, size_t count);
  /// The layer's `activation` of `x`.
  mlir::Value activate(mlir::Value x);
  /// The layer's state called `role` before the first step, in the input's element type. `shape`: numbers, or -2 - d
  /// for extent d of the input.
  mlir::Value beginState(llvm::StringRef role, llvm::ArrayRef<int64_t> shape) {
    return states.begin(*this, {role, typeOf(input()).getElementType(), llvm::SmallVector<int64_t>(shape), input()});
  }
  mlir::Value beginState(const StateRequest &request) { return states.begin(*this, request); }
  /// Whether states outlive this run of the layer's ops; see StateScope::keeps.
  bool keepsState() const { return states.keeps(); }
  /// See StateScope::limit; the steps are those of dimension `dim` of the input.
  void limitState(llvm::StringRef role, int64_t most, int64_t dim) { states.limit(*this, role, most, input(), dim); }
  /// Hands over what the state is after the last step.
  void endState(llvm::StringRef role, mlir::Value value) { states.end(*this, role, value); }

  /// The layer that `key` of this one describes, for `input`. Its parameters carry this layer's name, and `role` before
  /// theirs. Nothing, with an error, if no layer can be there.
  std::optional<LayerContext> enter(llvm::StringRef key, mlir::Value input, llvm::StringRef role);
  /// The result of a layer that was entered.
  mlir::Value build();
  /// A result beside the layer's own, which the model calls `LAYER.ROLE`.
  void addResult(llvm::StringRef role, mlir::Value value) { results.emplace_back(rolePrefix + role.str(), value); }
  void takeResults(const LayerContext &inner) { llvm::append_range(results, inner.results); }

  References references;
  std::string rolePrefix; ///< of the parameters and other results of a layer inside another one
  llvm::SmallVector<std::pair<std::string, mlir::Value>> results; ///< beside the layer's own
  TrainingScope *training = nullptr;                              ///< null in inference
  std::string kind;                                               ///< the layer's `op`
  llvm::SmallVector<mlir::Value> inputs;

private:
  const LayerKind *described;
  llvm::ArrayRef<LayerKind> kinds;
  Parameters &parameters;
  StateScope &states;
};

/// The key of layers that keep state over time, which makes the context its owner.
Field statefulField();
/// Fields that layers with weights share: use_bias, activation, kernel_initializer, bias_initializer.
std::vector<Field> weightFields();
/// A positive integer for all spatial dimensions or a list of one each.
RulePtr sizeRule(size_t dimensions, int64_t minimum);

/// Paddings `low..., high...` of a window layer whose `padding` is "valid", "same", a number, numbers, or pairs.
/// `kernel` etc. have one entry a spatial dimension of the input, whose first is dimension 2. Nothing, with an error,
/// if they cannot be known.
std::optional<llvm::SmallVector<int64_t>> resolvePadding(LayerContext &context, llvm::ArrayRef<int64_t> kernel,
                                                         llvm::ArrayRef<int64_t> stride,
                                                         llvm::ArrayRef<int64_t> dilation);
/// What `padding` may be, for so many spatial dimensions.
RulePtr paddingRule(size_t dimensions);

} // namespace dlc::json

#endif // DLC_FRONTEND_JSON_LAYERCONTEXT_H

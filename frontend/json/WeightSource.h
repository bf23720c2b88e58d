// SPDX-License-Identifier: Apache-2.0
/// \file
/// Where parameters get their values: a safetensors file, numbers in the model, or initializers.
#ifndef DLC_FRONTEND_JSON_WEIGHTSOURCE_H
#define DLC_FRONTEND_JSON_WEIGHTSOURCE_H

#include "formats/safetensors/Safetensors.h"
#include "frontend/json/Initializers.h"
#include "frontend/json/Reporter.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "llvm/ADT/StringSet.h"

namespace dlc::json {

/// Where the values of parameters come from.
RulePtr getWeightsRule();

/// One tensor that a layer or a graph needs.
struct ParameterRequest {
  /// The layer; empty for parameters of a `nodes` graph, whose `role` is the whole name.
  std::string owner;
  std::string role;
  /// Other names of the role (`gamma` for the weight of a normalization).
  llvm::SmallVector<llvm::StringRef, 1> otherRoles = {};
  mlir::RankedTensorType type;
  /// If not empty, the role may be given as `kernel` in the order of Keras: dimension i of `type` is dimension
  /// `kernelOrder[i]` of it.
  llvm::SmallVector<int64_t, 5> kernelOrder = {};
  /// Rows are inputs, not outputs (transposed convolutions).
  bool isTransposed = false;
  /// Fallback of this parameter where nothing else says what it holds.
  Initializer initializer;
  /// The model names `initializer` itself, so that a weights file may lack the tensor.
  bool isInitializerGiven = false;
  /// Values in the model file itself (`value` of a parameter), or null.
  const JsonValue *value = nullptr;
  llvm::StringRef kind = "weight"; ///< see dlc.parameter
  Position position;
  std::string label; ///< how messages call the owner

  std::string getName() const { return owner.empty() ? role : owner + "." + role; }
};

class WeightSource {
public:
  /// Reads what the model's `weights`, `initializer` and `seed` say.
  WeightSource(const JsonValue &model, llvm::StringRef modelPath, Reporter &reporter);

  /// The values; null if there was a problem, which has been reported. If nothing but the initializer gives them and
  /// `distribution` is not null, it gets the initializer's description (see dlc.parameter) and there is no value.
  mlir::ElementsAttr get(const ParameterRequest &request, mlir::DictionaryAttr *distribution = nullptr);
  /// The type of a tensor that the file or the inline weights hold under its whole name; null if none does.
  mlir::RankedTensorType getTypeOf(llvm::StringRef name);
  /// The model's own choice for weights (not biases or scales) that nothing else gives.
  const std::optional<Initializer> &getDefaultInitializer() const { return initializer; }
  /// The weights file; null if there is none.
  const Safetensors *getFile() const { return file ? &*file : nullptr; }
  /// Names of all tensors that `getTypeOf` finds.
  llvm::SmallVector<llvm::StringRef> getNames() const;
  /// Reports inline weights that no layer uses; `owners` are the names of all layers.
  void reportUnused(llvm::ArrayRef<llvm::StringRef> owners);

private:
  void openFile(const JsonValue &path, llvm::StringRef modelPath);
  mlir::ElementsAttr fromText(const ParameterRequest &request, const JsonValue &value, llvm::StringRef role);
  mlir::ElementsAttr fromFile(const ParameterRequest &request, const Safetensors::Tensor &tensor, llvm::StringRef role);
  mlir::ElementsAttr keep(const ParameterRequest &request, std::vector<char> bytes);

  Reporter &reporter;
  mlir::MLIRContext *context;
  std::optional<Safetensors> file;
  const JsonValue *inlined = nullptr;
  std::optional<Initializer> initializer;
  std::string filePath; ///< empty: no file
  uint64_t seed = 0;
  llvm::StringSet<> used;
};

} // namespace dlc::json

#endif // DLC_FRONTEND_JSON_WEIGHTSOURCE_H

// SPDX-License-Identifier: Apache-2.0
#include "frontend/GateActivation.h"
#include "ir/OpsActivation.h"
#include "ir/OpsArithmetic.h"
#include "ir/OpsConstant.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;

namespace dlc {
namespace {

using llvm::APFloat;

struct Entry {
  llvm::StringRef name;
  /// Defaults; none: the activation has no such parameter.
  std::optional<double> alpha, beta;
  Value (*build)(OpBuilder &builder, Location location, Value x, double alpha, double beta);
};

Value createScalarLike(OpBuilder &builder, Location location, Value x, double number) {
  auto type = RankedTensorType::get({}, getElementTypeOrSelf(x));
  Attribute element = FloatAttr::get(type.getElementType(), number);
  return ConstantOp::create(builder, location, type, llvm::cast<ElementsAttr>(DenseElementsAttr::get(type, element)));
}

template <typename OpTy> Value buildPlain(OpBuilder &builder, Location location, Value x, double, double) {
  return OpTy::create(builder, location, x);
}
template <typename OpTy> Value buildWithAlpha(OpBuilder &builder, Location location, Value x, double alpha, double) {
  return OpTy::create(builder, location, x, APFloat(alpha));
}
Value buildHardSigmoid(OpBuilder &builder, Location location, Value x, double alpha, double beta) {
  return HardSigmoidOp::create(builder, location, x, APFloat(alpha), APFloat(beta));
}
Value scale(OpBuilder &builder, Location location, Value x, double factor) {
  return factor == 1 ? x : MulOp::create(builder, location, x, createScalarLike(builder, location, x, factor));
}
Value buildScaledTanh(OpBuilder &builder, Location location, Value x, double alpha, double beta) {
  Value inner = TanhOp::create(builder, location, scale(builder, location, x, beta));
  return scale(builder, location, inner, alpha);
}
Value buildAffine(OpBuilder &builder, Location location, Value x, double alpha, double beta) {
  Value scaled = scale(builder, location, x, alpha);
  return beta == 0 ? scaled : AddOp::create(builder, location, scaled, createScalarLike(builder, location, x, beta));
}

llvm::ArrayRef<Entry> getEntries() {
  constexpr std::nullopt_t none = std::nullopt;
  static const Entry entries[] = {
      {"Affine", 1.0, 0.0, buildAffine},
      {"Elu", 1.0, none, buildWithAlpha<EluOp>},
      {"HardSigmoid", 0.2, 0.5, buildHardSigmoid},
      {"LeakyRelu", 0.01, none, buildWithAlpha<LeakyReluOp>},
      {"Relu", none, none, buildPlain<ReluOp>},
      {"ScaledTanh", 1.0, 1.0, buildScaledTanh},
      {"Sigmoid", none, none, buildPlain<SigmoidOp>},
      {"Softplus", none, none, buildPlain<SoftplusOp>},
      {"Softsign", none, none, buildPlain<SoftsignOp>},
      {"Tanh", none, none, buildPlain<TanhOp>},
      {"ThresholdedRelu", 1.0, none, buildWithAlpha<ThresholdedReluOp>},
  };
  return entries;
}

} // namespace

llvm::ArrayRef<llvm::StringRef> getGateActivationNames() {
  static const llvm::SmallVector<llvm::StringRef> names =
      llvm::map_to_vector(getEntries(), [](const Entry &entry) { return entry.name; });
  return names;
}

std::optional<llvm::SmallVector<GateActivation, 3>> getGateActivations(llvm::ArrayRef<std::string> names,
                                                                       llvm::ArrayRef<double> alphas,
                                                                       llvm::ArrayRef<double> betas,
                                                                       std::string &problem) {
  llvm::SmallVector<GateActivation, 3> result;
  auto take = [](const std::optional<double> &otherwise, llvm::ArrayRef<double> &given) {
    double value = otherwise.value_or(0);
    if (otherwise && !given.empty()) {
      value = given.front();
      given = given.drop_front();
    }
    return value;
  };
  for (const std::string &name : names) {
    const Entry *entry =
        llvm::find_if(getEntries(), [&](const Entry &each) { return each.name.equals_insensitive(name); });
    if (entry == getEntries().end()) {
      problem = "activation '" + name + "' is not one of " + llvm::join(getGateActivationNames(), ", ");
      return std::nullopt;
    }
    double alpha = take(entry->alpha, alphas), beta = take(entry->beta, betas);
    result.push_back([build = entry->build, alpha, beta](OpBuilder &builder, Location location, Value x) {
      return build(builder, location, x, alpha, beta);
    });
  }
  return result;
}

} // namespace dlc

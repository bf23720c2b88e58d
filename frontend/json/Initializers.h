// SPDX-License-Identifier: Apache-2.0
/// \file
/// First values of parameters that no file gives.
#ifndef DLC_FRONTEND_JSON_INITIALIZERS_H
#define DLC_FRONTEND_JSON_INITIALIZERS_H

#include "frontend/json/Rules.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"

namespace dlc::json {

/// An initializer: a name, or an object with `name` and its options.
RulePtr getInitializerRule();

/// An initializer with its options.
struct Initializer {
  enum class Kind { Constant, Uniform, Normal, Orthogonal };
  /// What a distribution's width depends on.
  enum class Scale { Fixed, FanIn, FanAverage };
  Kind kind = Kind::Constant;
  Scale scale = Scale::Fixed;
  /// Constant: the value. Uniform: lowest value. Normal: mean. Orthogonal: gain. Unused where the scale follows from
  /// fans.
  double first = 0;
  /// Uniform: highest value. Normal: standard deviation. With a fan: the variance is `second / fan`.
  double second = 0;

  bool isRandom() const { return kind != Kind::Constant; }
  /// Reads a value that passed getInitializerRule.
  static Initializer parse(const JsonValue &value);
};

/// Writes the initial values of a tensor of `type` (weights: `[out, in / groups, kernel...]`; `isTransposed`: `[in,
/// out,
/// ...]`). The numbers are a function of `seed`, `name`, the shape and the initializer alone (Philox 4x32-10, counted
/// by element), so that a model compiles to the same bytes everywhere and no layer's values depend on another layer.
/// Random initializers need a floating-point type.
void initialize(const Initializer &initializer, mlir::RankedTensorType type, bool isTransposed, uint64_t seed,
                llvm::StringRef name, llvm::MutableArrayRef<char> bytes);

/// The initializer of a parameter of `type` as `dlc.parameter` has it, with all numbers; null if it is a constant.
mlir::DictionaryAttr describeInitializer(const Initializer &initializer, mlir::RankedTensorType type,
                                         bool isTransposed);

} // namespace dlc::json

#endif // DLC_FRONTEND_JSON_INITIALIZERS_H

// SPDX-License-Identifier: Apache-2.0
/// \file
/// The arithmetic of optimizers: how one parameter follows its gradient.
#ifndef DLC_PASSES_TRAINING_OPTIMIZERUPDATE_H
#define DLC_PASSES_TRAINING_OPTIMIZERUPDATE_H

#include "ir/DlcDialect.h"

namespace dlc {

/// What an optimizer keeps beside each parameter, zeros at first.
class OptimizerSlots {
public:
  virtual ~OptimizerSlots() = default;
  /// What the slot called `role` was before this step.
  virtual mlir::Value load(llvm::StringRef role) = 0;
  /// Gives the slot a new value. Returns what it is after this run, which the update uses from there on.
  virtual mlir::Value store(llvm::StringRef role, mlir::Value value) = 0;
};

/// One step of one optimizer for parameters of one element type, in the arithmetic of PyTorch's (torch.optim). Numbers
/// that `optimizer` lacks have these defaults: momentum 0, nesterov false, rho 0.9, beta1 0.9, beta2 0.999, epsilon
/// 1e-8 (adagrad: 1e-10), weight_decay 0.
///
/// - sgd: `v = momentum v + g`, `w -= rate v` (nesterov: `w -= rate (g + momentum v)`)
/// - rmsprop: `s = rho s + (1 - rho) g^2`, `w -= rate g / (sqrt(s) + epsilon)`, with momentum on the quotient
/// - adagrad: `s += g^2`, `w -= rate g / (sqrt(s) + epsilon)`
/// - adam (Kingma and Ba, 2014), adamw (Loshchilov and Hutter, 2017: weights decay by rate * weight_decay themselves)
///
/// For all but adamw, `g` is the gradient plus weight_decay times the parameter.
class OptimizerUpdate {
public:
  /// `step` is the number of this step, from 1, a rank-0 tensor in the type of the parameters; needed where usesStep().
  /// `builder` stays in one block: what the updates of several parameters share is created once.
  OptimizerUpdate(mlir::OpBuilder &builder, mlir::Location location, mlir::DictionaryAttr optimizer, mlir::Value step)
      : builder(builder), location(location), optimizer(optimizer), step(step) {}

  /// Whether there is an optimizer called `name`.
  static bool isKnown(llvm::StringRef name);
  static bool usesStep(mlir::DictionaryAttr optimizer);

  /// The new value of `parameter`. `rate` has rank 0 and the parameter's element type; `weightDecay` replaces
  /// the optimizer's.
  mlir::Value apply(mlir::Value parameter, mlir::Value gradient, mlir::Value rate, double weightDecay,
                    OptimizerSlots &slots);
  double getNumber(llvm::StringRef name, double otherwise) const;

private:
  mlir::Value updateSgd(mlir::Value gradient, OptimizerSlots &slots);
  mlir::Value updateRmsprop(mlir::Value gradient, OptimizerSlots &slots);
  mlir::Value updateAdagrad(mlir::Value gradient, OptimizerSlots &slots);
  mlir::Value updateAdam(mlir::Value gradient, OptimizerSlots &slots);
  mlir::Value average(mlir::Value mean, mlir::Value next, double share);
  mlir::Value number(double value, mlir::Value like);
  mlir::Value correct(double beta);
  template <typename OpTy> mlir::Value create(mlir::ValueRange operands) {
    return OpTy::create(builder, location, operands).getResult();
  }
  mlir::Value scale(mlir::Value x, double factor);

  mlir::OpBuilder &builder;
  mlir::Location location;
  mlir::DictionaryAttr optimizer;
  mlir::Value step;
  llvm::DenseMap<mlir::Attribute, mlir::Value> numbers;
  mlir::Value meanCorrection, deviationCorrection; ///< Adam's
};

} // namespace dlc

#endif // DLC_PASSES_TRAINING_OPTIMIZERUPDATE_H

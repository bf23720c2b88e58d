// SPDX-License-Identifier: Apache-2.0
#include "passes/training/OptimizerUpdate.h"
#include "ir/ConstantData.h"
#include "ir/OpsArithmetic.h"
#include "ir/OpsElementwise.h"

using namespace mlir;

namespace dlc {

static llvm::StringRef getName(DictionaryAttr optimizer) {
  auto name = optimizer.getAs<StringAttr>("name");
  return name ? name.getValue() : "";
}

bool OptimizerUpdate::isKnown(llvm::StringRef name) {
  return llvm::is_contained({"sgd", "rmsprop", "adagrad", "adam", "adamw"}, name);
}

bool OptimizerUpdate::usesStep(DictionaryAttr optimizer) {
  return getName(optimizer) == "adam" || getName(optimizer) == "adamw";
}

double OptimizerUpdate::getNumber(llvm::StringRef name, double otherwise) const {
  auto number = optimizer.getAs<FloatAttr>(name);
  return number ? number.getValueAsDouble() : otherwise;
}

Value OptimizerUpdate::number(double value, Value like) {
  Type elementType = getElementTypeOrSelf(like.getType());
  Value &known = numbers[FloatAttr::get(elementType, value)];
  return known ? known : known = createScalar(builder, location, value, elementType);
}

Value OptimizerUpdate::scale(Value x, double factor) { return create<MulOp>({x, number(factor, x)}); }

/// `share mean + (1 - share) next`
Value OptimizerUpdate::average(Value mean, Value next, double share) {
  return create<AddOp>({scale(mean, share), scale(next, 1 - share)});
}

Value OptimizerUpdate::apply(Value parameter, Value gradient, Value rate, double weightDecay, OptimizerSlots &slots) {
  llvm::StringRef name = getName(optimizer);
  if (weightDecay != 0 && name == "adamw")
    parameter = create<SubOp>({parameter, create<MulOp>({parameter, scale(rate, weightDecay)})});
  else if (weightDecay != 0)
    gradient = create<AddOp>({gradient, scale(parameter, weightDecay)});
  Value direction = name == "sgd"       ? updateSgd(gradient, slots)
                    : name == "rmsprop" ? updateRmsprop(gradient, slots)
                    : name == "adagrad" ? updateAdagrad(gradient, slots)
                                        : updateAdam(gradient, slots);
  return create<SubOp>({parameter, create<MulOp>({direction, rate})});
}

Value OptimizerUpdate::updateSgd(Value gradient, OptimizerSlots &slots) {
  double momentum = getNumber("momentum", 0);
  if (momentum == 0)
    return gradient;
  Value velocity = create<AddOp>({scale(slots.load("momentum"), momentum), gradient});
  velocity = slots.store("momentum", velocity);
  auto nesterov = optimizer.getAs<BoolAttr>("nesterov");
  return nesterov && nesterov.getValue() ? create<AddOp>({gradient, scale(velocity, momentum)}) : velocity;
}

Value OptimizerUpdate::updateRmsprop(Value gradient, OptimizerSlots &slots) {
  Value square = average(slots.load("mean_square"), create<MulOp>({gradient, gradient}), getNumber("rho", 0.9));
  square = slots.store("mean_square", square);
  Value root = create<SqrtOp>({square}),
        direction = create<DivOp>({gradient, create<AddOp>({root, number(getNumber("epsilon", 1e-8), root)})});
  double momentum = getNumber("momentum", 0);
  if (momentum == 0)
    return direction;
  Value velocity = create<AddOp>({scale(slots.load("momentum"), momentum), direction});
  return slots.store("momentum", velocity);
}

Value OptimizerUpdate::updateAdagrad(Value gradient, OptimizerSlots &slots) {
  Value sum = create<AddOp>({slots.load("sum_square"), create<MulOp>({gradient, gradient})});
  sum = slots.store("sum_square", sum);
  Value root = create<SqrtOp>({sum});
  return create<DivOp>({gradient, create<AddOp>({root, number(getNumber("epsilon", 1e-10), root)})});
}

/// What a mean that started from zeros, too small in the first steps, is divided by.
Value OptimizerUpdate::correct(double beta) {
  return create<SubOp>({number(1, step), create<PowOp>({number(beta, step), step})});
}

Value OptimizerUpdate::updateAdam(Value gradient, OptimizerSlots &slots) {
  double beta1 = getNumber("beta1", 0.9), beta2 = getNumber("beta2", 0.999);
  Value mean = average(slots.load("mean"), gradient, beta1),
        square = average(slots.load("mean_square"), create<MulOp>({gradient, gradient}), beta2);
  mean = slots.store("mean", mean);
  square = slots.store("mean_square", square);
  if (!meanCorrection) {
    deviationCorrection = create<SqrtOp>({correct(beta2)});
    meanCorrection = correct(beta1);
  }
  Value deviation = create<DivOp>({create<SqrtOp>({square}), deviationCorrection}),
        divisor = create<AddOp>({deviation, number(getNumber("epsilon", 1e-8), deviation)});
  return create<DivOp>({create<DivOp>({mean, meanCorrection}), divisor});
}

} // namespace dlc

// SPDX-License-Identifier: Apache-2.0
#include "frontend/Losses.h"
#include "ir/ConstantData.h"
#include "ir/OpsActivation.h"
#include "ir/OpsArithmetic.h"
#include "ir/OpsComparison.h"
#include "ir/OpsConversion.h"
#include "ir/OpsElementwise.h"
#include "ir/OpsExtrema.h"
#include "ir/OpsGeneration.h"
#include "ir/OpsNormalization.h"
#include "ir/OpsReduction.h"
#include "ir/OpsShape.h"

using namespace mlir;

namespace dlc {

bool LossDescription::isOverClasses() const {
  return llvm::is_contained(
      {LossKind::CrossEntropy, LossKind::LogLikelihood, LossKind::MulticlassHinge, LossKind::KlDivergence}, kind);
}

namespace {

/// Ops of one loss.
class LossBuilder {
public:
  LossBuilder(OpBuilder &builder, Location location, const LossDescription &loss, Value predictions)
      : builder(builder), location(location), loss(loss), predictions(predictions),
        elementType(llvm::cast<FloatType>(getElementTypeOrSelf(predictions.getType()))) {
    rank = llvm::cast<RankedTensorType>(predictions.getType()).getRank();
    axis = loss.classAxis < 0 ? loss.classAxis + rank : loss.classAxis;
  }

  Value build(Value targets) {
    bool isClassNumbers = loss.isOverClasses() && !llvm::isa<FloatType>(getElementTypeOrSelf(targets.getType()));
    if (isClassNumbers)
      targets = buildOneHot(builder, location, targets, predictions, axis);
    else if (getElementTypeOrSelf(targets.getType()) != elementType)
      targets = create<CastOp>(targets, elementType);
    switch (loss.kind) {
    case LossKind::SquaredError: {
      Value difference = create<SubOp>(predictions, targets);
      return create<MulOp>(difference, difference);
    }
    case LossKind::AbsoluteError:
      return create<AbsOp>(create<SubOp>(predictions, targets));
    case LossKind::Huber: {
      // With a = min(d, delta), both parts are a (d - a / 2).
      Value distance = create<AbsOp>(create<SubOp>(predictions, targets)),
            near = create<MinOp>(distance, number(loss.delta));
      return create<MulOp>(near, create<SubOp>(distance, create<MulOp>(near, number(0.5))));
    }
    case LossKind::CrossEntropy:
      return create<NegOp>(sumOverClasses(create<MulOp>(smooth(targets), logProbabilities())));
    case LossKind::LogLikelihood:
      return create<NegOp>(sumOverClasses(create<MulOp>(targets, predictions)));
    case LossKind::KlDivergence: {
      // 0 log 0 = 0
      Value own = create<LogOp>(create<MaxOp>(targets, number(smallest())));
      return sumOverClasses(create<MulOp>(targets, create<SubOp>(own, logProbabilities())));
    }
    case LossKind::BinaryCrossEntropy:
      return binaryCrossEntropy(targets);
    case LossKind::Hinge:
      return create<ReluOp>(create<SubOp>(number(loss.margin), create<MulOp>(targets, predictions)));
    case LossKind::MulticlassHinge: {
      Value own = create<ReduceOp>(ReductionKind::Sum, create<MulOp>(targets, predictions),
                                   llvm::ArrayRef<int64_t>{axis}, true),
            violation = create<ReluOp>(create<AddOp>(create<SubOp>(predictions, own), number(loss.margin))),
            others = create<MulOp>(violation, create<SubOp>(number(1), targets));
      return create<ReduceOp>(ReductionKind::Mean, others, llvm::ArrayRef<int64_t>{axis}, false);
    }
    }
    llvm_unreachable("all kinds are handled");
  }

private:
  template <typename OpTy, typename... Args> Value create(Args &&...args) {
    return OpTy::create(builder, location, std::forward<Args>(args)...).getResult();
  }
  Value number(double value) { return createScalar(builder, location, value, elementType); }
  /// Probabilities below are taken as this one, whose logarithm is a number.
  double smallest() { return elementType.getWidth() < 32 ? 1e-4 : 1e-7; }
  Value sumOverClasses(Value x) {
    return create<ReduceOp>(ReductionKind::Sum, x, llvm::ArrayRef<int64_t>{axis}, false);
  }
  Value smooth(Value targets) {
    if (loss.labelSmoothing == 0)
      return targets;
    int64_t classes = llvm::cast<RankedTensorType>(predictions.getType()).getDimSize(axis);
    return create<AddOp>(create<MulOp>(targets, number(1 - loss.labelSmoothing)),
                         number(loss.labelSmoothing / classes));
  }
  Value logProbabilities() {
    Value logits = loss.fromLogits ? predictions : Value();
    if (auto softmax = predictions.getDefiningOp<SoftmaxOp>();
        softmax && !logits && softmax.getAxes() == llvm::ArrayRef<int64_t>{axis})
      logits = softmax.getX();
    if (logits)
      return create<LogSoftmaxOp>(logits, llvm::ArrayRef<int64_t>{axis});
    return create<LogOp>(create<MaxOp>(predictions, number(smallest())));
  }
  Value binaryCrossEntropy(Value targets) {
    Value logits = loss.fromLogits ? predictions : Value();
    if (auto sigmoid = predictions.getDefiningOp<SigmoidOp>(); sigmoid && !logits)
      logits = sigmoid.getX();
    if (loss.labelSmoothing != 0)
      targets = create<AddOp>(create<MulOp>(targets, number(1 - loss.labelSmoothing)), number(loss.labelSmoothing / 2));
    if (logits) // -(y log s(z) + (1 - y) log(1 - s(z))) = log(1 + exp(z)) - y z
      return create<SubOp>(create<SoftplusOp>(logits), create<MulOp>(targets, logits));
    auto logOf = [&](Value p) { return create<LogOp>(create<MaxOp>(p, number(smallest()))); };
    Value yes = create<MulOp>(targets, logOf(predictions)),
          no = create<MulOp>(create<SubOp>(number(1), targets), logOf(create<SubOp>(number(1), predictions)));
    return create<NegOp>(create<AddOp>(yes, no));
  }

  OpBuilder &builder;
  Location location;
  const LossDescription &loss;
  Value predictions;
  FloatType elementType;
  int64_t rank, axis;
};

} // namespace

Value buildLoss(OpBuilder &builder, Location location, const LossDescription &loss, Value predictions, Value targets) {
  return LossBuilder(builder, location, loss, predictions).build(targets);
}

Value buildOneHot(OpBuilder &builder, Location location, Value classes, Value like, int64_t axis) {
  auto classesType = llvm::cast<RankedTensorType>(classes.getType()),
       type = llvm::cast<RankedTensorType>(like.getType());
  // The dimension of the classes is inserted with extent 1, against which the class indices broadcast.
  llvm::SmallVector<int64_t> shape, positions(type.getRank() - axis, 1);
  for (int64_t dim = 0, next = 0; dim < type.getRank(); ++dim) {
    if (dim == axis) {
      shape.push_back(1);
      continue;
    }
    shape.push_back(classesType.isDynamicDim(next) ? -2 - next : classesType.getDimSize(next));
    ++next;
  }
  positions[0] = type.getDimSize(axis);
  Value column = ReshapeOp::create(builder, location, classes, shape),
        numbers = IotaOp::create(builder, location, llvm::APFloat(0.0), llvm::APFloat(1.0), type.getDimSize(axis),
                                 classesType.getElementType()),
        row = ReshapeOp::create(builder, location, numbers, positions),
        isClass = EqualOp::create(builder, location, column, row);
  return CastOp::create(builder, location, isClass, type.getElementType());
}

} // namespace dlc

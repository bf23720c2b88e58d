// SPDX-License-Identifier: Apache-2.0
#include "ir/Annotations.h"
#include "ir/ConstantData.h"
#include "ir/DlcDialect.h"
#include "ir/LoopBuilder.h"
#include "ir/OpsArithmetic.h"
#include "ir/OpsConstant.h"
#include "ir/OpsConversion.h"
#include "ir/OpsElementwise.h"
#include "ir/OpsGeneration.h"
#include "ir/OpsLinear.h"
#include "ir/OpsParameter.h"
#include "ir/OpsReduction.h"
#include "ir/OpsShape.h"
#include "ir/OpsSlicing.h"
#include "ir/OpsTraining.h"
#include "ir/OpsTransposition.h"
#include "ir/Variables.h"
#include "passes/Passes.h"
#include <cmath>

#define DEBUG_TYPE "dlc-add-init"

namespace dlc {
#define GEN_PASS_DEF_ADDINIT
#include "passes/Passes.h.inc"
} // namespace dlc

using namespace mlir;

/// FNV-1a: names to streams of random numbers, the same everywhere and for ever.
static int64_t hashName(llvm::StringRef name) {
  uint64_t hash = 0xCBF29CE484222325;
  for (unsigned char c : name)
    hash = (hash ^ c) * 0x100000001B3;
  // Room for several streams of one name.
  return static_cast<int64_t>(hash & 0x7FFFFFFFFFFFFFF0);
}

namespace {

/// Writes the ops that compute one parameter's initial value.
class FirstValue {
public:
  FirstValue(OpBuilder &builder, dlc::ParameterOp parameter, Value seed)
      : builder(builder), location(parameter.getLoc()), parameter(parameter),
        type(llvm::cast<RankedTensorType>(parameter.getType())), seed(seed) {}

  FailureOr<Value> build() {
    if (parameter.getKind() == "seed")
      return seed;
    if (parameter.getValue())
      return makeValue(*parameter.getValue());
    DictionaryAttr initializer = parameter.getInitializerAttr();
    auto distribution = initializer ? initializer.getAs<StringAttr>("distribution") : StringAttr();
    auto number = [&](llvm::StringRef name) {
      auto value = initializer.getAs<FloatAttr>(name);
      return value ? value.getValueAsDouble() : 0;
    };
    if (!distribution || !llvm::isa<FloatType>(type.getElementType()))
      return parameter.emitOpError("has neither a value nor an initializer that can give it one");
    if (distribution.getValue() == "uniform")
      return scale(sampleUniform(0), number("high") - number("low"), number("low"));
    if (distribution.getValue() == "normal")
      return scale(sampleNormal(), number("stddev"), number("mean"));
    if (distribution.getValue() == "orthogonal")
      return scale(makeOrthonormal(), number("gain"), 0);
    return parameter.emitOpError("has an initializer of no known distribution, ") << distribution;
  }

private:
  Value makeValue(ElementsAttr value) {
    auto splat = llvm::dyn_cast<SplatElementsAttr>(value);
    if (!splat || type.getRank() == 0)
      return create<dlc::ConstantOp>(type, value);
    // One element in the library instead of all.
    auto scalar = RankedTensorType::get({}, type.getElementType());
    Value element = create<dlc::ConstantOp>(scalar, splat.resizeSplat(scalar));
    return create<dlc::ExpandOp>(element, type.getShape());
  }
  template <typename OpTy, typename... Args> Value create(Args &&...args) {
    return OpTy::create(builder, location, std::forward<Args>(args)...).getResult();
  }
  Value constant(double value) { return dlc::createScalar(builder, location, value, type.getElementType()); }
  Value scale(Value x, double factor, double offset) {
    return create<dlc::AddOp>(create<dlc::MulOp>(x, constant(factor)), constant(offset));
  }
  /// Between 0 and 1, from the parameter's stream number `stream`.
  Value sampleUniform(int64_t stream) {
    auto scalar = RankedTensorType::get({}, builder.getI64Type());
    Value counter = create<dlc::ConstantOp>(
        scalar, DenseElementsAttr::get(scalar, builder.getI64IntegerAttr(hashName(parameter.getSymName()) + stream)));
    // Its elements are not read.
    Value like = create<dlc::LoadParameterOp>(type, parameter.getSymName());
    Value uniform = create<dlc::RandomUniformOp>(seed, counter, like);
    return type.getElementType().isF32() ? uniform : create<dlc::CastOp>(uniform, type.getElementType());
  }
  /// Box and Muller: a normal number of two uniform ones.
  Value sampleNormal() {
    Value radius = create<dlc::SqrtOp>(create<dlc::MulOp>(create<dlc::LogOp>(sampleUniform(0)), constant(-2))),
          angle = create<dlc::MulOp>(sampleUniform(1), constant(2 * M_PI));
    return create<dlc::MulOp>(radius, create<dlc::CosOp>(angle));
  }
  /// The matrix [dimension 0, rest] with orthonormal rows, or columns if it has more rows: normal numbers, row by row
  /// freed of what earlier rows span (Gram and Schmidt, twice for accuracy).
  Value makeOrthonormal() {
    int64_t rows = type.getRank() > 0 ? type.getDimSize(0) : 1,
            columns = type.getNumElements() / std::max<int64_t>(rows, 1);
    Value matrix = create<dlc::ReshapeOp>(sampleNormal(), llvm::ArrayRef<int64_t>{rows, columns});
    bool isTall = rows > columns;
    if (isTall)
      matrix = create<dlc::TransposeOp>(matrix, llvm::ArrayRef<int64_t>{1, 0});
    auto matrixType = llvm::cast<RankedTensorType>(matrix.getType());
    Value zeros = create<dlc::ConstantOp>(
        matrixType, DenseElementsAttr::get(matrixType, builder.getZeroAttr(type.getElementType())));
    Value result = orthogonalize(zeros, matrix);
    if (isTall)
      result = create<dlc::TransposeOp>(result, llvm::ArrayRef<int64_t>{1, 0});
    return create<dlc::ReshapeOp>(result, type.getShape());
  }
  /// Every step makes one more of the rows of `matrix` orthonormal and stores it in what was `zeros`.
  Value orthogonalize(Value zeros, Value matrix) {
    dlc::LoopBuilder loop(builder, location, zeros, matrix);
    int64_t columns = llvm::cast<RankedTensorType>(matrix.getType()).getDimSize(1);
    Value known = loop.getLoopCarried(0),
          next = create<dlc::ReshapeOp>(loop.getScanSlice(0), llvm::ArrayRef<int64_t>{1, columns});
    for (int pass = 0; pass < 2; ++pass) {
      Value shares = create<dlc::MatMulOp>(next, known, false, true);
      next = create<dlc::SubOp>(next, create<dlc::MatMulOp>(shares, known, false, false));
    }
    Value norm = create<dlc::ReduceOp>(dlc::ReductionKind::L2, next, llvm::ArrayRef<int64_t>{1}, true);
    next = create<dlc::DivOp>(next, norm);
    return loop.finish(create<dlc::UpdateSliceOp>(known, next, loop.getStep(), uint64_t(0), false), {}).front();
  }

  OpBuilder &builder;
  Location location;
  dlc::ParameterOp parameter;
  RankedTensorType type;
  Value seed;
};

class AddInit final : public dlc::impl::AddInitBase<AddInit> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    if (!dlc::changesParameters(module))
      return;
    if (module.lookupSymbol("init")) {
      module.lookupSymbol("init")->emitError(
          "an entry point called 'init' is made for models whose parameters change: choose another name");
      return signalPassFailure();
    }
    OpBuilder builder = OpBuilder::atBlockEnd(module.getBody());
    for (auto function : module.getOps<func::FuncOp>()) {
      builder.setInsertionPoint(function);
      break;
    }
    auto seedType = RankedTensorType::get({}, builder.getI64Type());
    auto function = func::FuncOp::create(builder, module.getLoc(), "init", builder.getFunctionType({seedType}, {}));
    dlc::annotation::name.setOfArgument(function, 0, builder.getStringAttr("seed"));
    builder.setInsertionPointToEnd(function.addEntryBlock());
    for (auto parameter : module.getOps<dlc::ParameterOp>()) {
      if (parameter.getKind() == "derived")
        continue;
      FailureOr<Value> value = FirstValue(builder, parameter, function.getArgument(0)).build();
      if (failed(value))
        return signalPassFailure();
      dlc::AssignOp::create(builder, parameter.getLoc(), parameter.getSymName(), *value);
    }
    func::ReturnOp::create(builder, module.getLoc());
    // From here on the values belong to `init`.
    for (auto parameter : module.getOps<dlc::ParameterOp>())
      parameter.removeValueAttr();
  }
};

} // namespace

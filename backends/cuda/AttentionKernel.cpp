// SPDX-License-Identifier: Apache-2.0
#include "backends/cuda/AttentionKernel.h"
#include "backends/cuda/AttentionCode.h"
#include "backends/cuda/DeviceCode.h"
#include "backends/cuda/LaunchStub.h"
#include "backends/cuda/Product.h"
#include "ir/ExtentAlgebra.h"
#include "ir/Layout.h"

namespace dlc::cuda {
namespace {

constexpr uint32_t attentionThreads = 128;
/// Heads up to this size have templates, of sizes that are multiples of 32.
constexpr int64_t largestSize = 128, sizeStep = 32;

/// A family of instances, by what multiplies.
struct Family {
  llvm::StringRef name;    ///< "Sm80" of dlcAttentionSm80_...
  llvm::StringRef library; ///< the file of kernels/ that defines it
  int64_t width;           ///< neighbours that wide instances read at once
  bool hasLargeTile;       ///< there are tiles of 128 rows, not only of 64
  llvm::StringRef description;
};

Family chooseFamily(mlir::Type element, int64_t capability, MathMode math) {
  bool isStrict = math == MathMode::Strict, isAmpere = capability >= 80;
  if (element.isF16() && !isStrict)
    return isAmpere ? Family{"HalfSm80", "HalfAttentionSm80", 8, true, "tensor cores, f16"}
                    : Family{"HalfSm75", "HalfAttentionSm75", 8, false, "tensor cores, f16"};
  if (element.isBF16() && !isStrict && isAmpere)
    return {"BFloatSm80", "HalfAttentionSm80", 8, true, "tensor cores, bf16"};
  if (element.isF32() && !isStrict && isAmpere)
    return {"Sm80", "AttentionSm80", 4, false, "tensor cores, 3xTF32"};
  llvm::StringRef name = element.isF32() ? "Sm75" : element.isF16() ? "Sm75F16" : "Sm75BF16";
  return {name, "AttentionSm75", 4, false, "multiply-add in f32"};
}

/// A kernel and the instance for it.
struct Choice {
  KernelShapes shapes;
  AttentionOp op;
  Family family;
  int64_t groups, ratio; ///< heads of keys, and those of queries that share one
  int64_t size, width;   ///< of the instance
  int64_t down;

  int64_t rows() const { return 64 * down; }
  std::string getInstance(int64_t ofWidth) const {
    return ("dlcAttention" + family.name + "_" + llvm::Twine(size) + "_" + llvm::Twine(down) + "_" +
            llvm::Twine(ofWidth))
        .str();
  }
};

/// Why a template cannot take `tensor`, of which it reads rows of the last dimension; "" if one can.
std::string findObstacle(mlir::Value tensor, mlir::Type element) {
  auto type = llvm::cast<mlir::RankedTensorType>(tensor.getType());
  if (type.getElementType() != element)
    return "its result has another type than its operands";
  std::optional<llvm::SmallVector<int64_t>> order = getPlainOrder(type);
  if (!order || order->back() != type.getRank() - 1)
    return "its tensors are packed";
  return "";
}

std::string findObstacle(AttentionOp op) {
  mlir::Type element = mlir::getElementTypeOrSelf(op.getQuery());
  std::string text;
  llvm::raw_string_ostream stream(text);
  if (!element.isF32() && !element.isF16() && !element.isBF16()) {
    stream << "its elements are of type " << element;
    return text;
  }
  for (mlir::Value operand : op->getOperands())
    if (!llvm::isa<mlir::BlockArgument>(operand))
      return "an operand is computed in the same kernel";
  for (mlir::Value tensor :
       {mlir::Value(op.getQuery()), mlir::Value(op.getKey()), mlir::Value(op.getValue()), mlir::Value(op.getResult())})
    if (std::string why = findObstacle(tensor, element); !why.empty())
      return why;
  if (mlir::Value mask = op.getMask()) {
    mlir::Type ofMask = mlir::getElementTypeOrSelf(mask);
    if (!ofMask.isInteger(1) && !ofMask.isF32() && !ofMask.isF16() && !ofMask.isBF16()) {
      stream << "its mask is of type " << ofMask;
      return text;
    }
    if (getLayout(mask.getType()))
      return "its mask is packed";
  }
  if (mlir::Value lengths = op.getLengths()) {
    auto type = llvm::dyn_cast<mlir::IntegerType>(mlir::getElementTypeOrSelf(lengths));
    if (!type || type.getWidth() < 8 || type.getWidth() > 64) {
      stream << "its lengths are of type " << mlir::getElementTypeOrSelf(lengths);
      return text;
    }
  }
  return "";
}

/// Tiles of 128 rows read less of keys and values, and are taken where they are enough for a large GPU. Masks, of which
/// a thread loads an element for each of its scores, would take too many registers beside them.
int64_t chooseDown(llvm::ArrayRef<mlir::AffineExpr> query, int64_t groups, int64_t ratio) {
  constexpr int64_t large = 128, multiprocessors = 132;
  std::optional<int64_t> samples = constantDim(query[0]), queries = constantDim(query[2]);
  if (!queries)
    return 1;
  return samples.value_or(1) * groups * llvm::divideCeil(*queries * ratio, large) >= multiprocessors ? 2 : 1;
}

/// Fails with the reason why there is no template.
llvm::Expected<Choice> choose(KernelFuncOp kernel, int64_t capability, MathMode math) {
  mlir::FailureOr<KernelShapes> shapes = KernelShapes::analyze(kernel);
  if (mlir::failed(shapes))
    return llvm::createStringError("its shapes are not known");
  auto op = llvm::cast<AttentionOp>(kernel.getAnchorOp());
  if (kernel.getYieldedValues().size() != 1 || kernel.getYielded() != op.getResult() ||
      !llvm::hasSingleElement(kernel.getBody().front().without_terminator()))
    return llvm::createStringError("it is not all that its kernel computes");
  if (std::string why = findObstacle(op); !why.empty())
    return llvm::createStringError(why);
  llvm::ArrayRef<mlir::AffineExpr> query = shapes->getDims(op.getQuery()), key = shapes->getDims(op.getKey());
  if (!constantDim(query[1]) || !constantDim(key[1]) || *constantDim(query[1]) < 1)
    return llvm::createStringError("a run decides how many heads it has");
  int64_t size = *constantDim(query[3]), valueSize = *constantDim(shapes->getDims(op.getValue())[3]);
  if (std::max(size, valueSize) > largestSize)
    return llvm::createStringError("its heads are larger than " + llvm::Twine(largestSize));
  Family family = chooseFamily(mlir::getElementTypeOrSelf(op.getQuery()), capability, math);
  bool isWide = size % family.width == 0 && valueSize % family.width == 0;
  int64_t groups = *constantDim(key[1]), ratio = *constantDim(query[1]) / groups;
  int64_t down = family.hasLargeTile && !op.getMask() ? chooseDown(query, groups, ratio) : 1,
          ofInstance = llvm::alignTo(std::max<int64_t>({size, valueSize, 1}), sizeStep);
  return Choice{std::move(*shapes), op, family, groups, ratio, ofInstance, isWide ? family.width : 1, down};
}

} // namespace

TemplateRoute findAttentionRoute(KernelFuncOp kernel, int64_t capability, MathMode math) {
  llvm::Expected<Choice> choice = choose(kernel, capability, math);
  if (!choice)
    return {"", llvm::toString(choice.takeError())};
  return {(choice->family.description + ", tiles of " + llvm::Twine(choice->rows()) + " rows").str(), ""};
}

llvm::Expected<std::optional<std::string>> compileAttentionKernel(KernelFuncOp kernel, int64_t capability,
                                                                  MathMode math) {
  llvm::Expected<Choice> choice = choose(kernel, capability, math);
  if (!choice) {
    llvm::consumeError(choice.takeError());
    return std::nullopt;
  }
  llvm::LLVMContext context;
  std::vector<std::unique_ptr<llvm::Module>> libraries;
  for (llvm::StringRef name : {choice->family.library, llvm::StringRef("Epilogue")}) {
    auto library = readKernels(name, context);
    if (!library)
      return library.takeError();
    libraries.push_back(std::move(*library));
  }

  AttentionOp op = choice->op;
  llvm::ArrayRef<mlir::AffineExpr> query = choice->shapes.getDims(op.getQuery());
  int64_t groups = choice->groups, ratio = choice->ratio, rows = choice->rows();
  LaunchStub stub{kernel,
                  "attention",
                  query[0] * ((query[2] * ratio + (rows - 1)).floorDiv(rows) * groups),
                  attentionThreads,
                  readConstant(*libraries.front(), choice->getInstance(choice->width) + "_shared"),
                  {}};
  if (choice->width > 1) {
    for (mlir::Value operand : {op.getQuery(), op.getKey(), op.getValue()})
      stub.aligned.push_back(llvm::cast<mlir::BlockArgument>(operand).getArgNumber());
    stub.aligned.push_back(kernel.getBody().getNumArguments());
  }
  std::unique_ptr<llvm::Module> device = createDeviceModule(context);
  AttentionCode code(*device, kernel, choice->shapes, op);
  code.writeFunctions();
  auto writeEntry = [&](llvm::StringRef name, int64_t width) {
    code.writeEntry(name, stub.threads, choice->getInstance(width),
                    [&](ExtentCode &extents) -> llvm::SmallVector<llvm::Value *> {
                      mlir::Builder numbers(op);
                      auto emit = [&](int64_t number) { return extents.emit(numbers.getAffineConstantExpr(number)); };
                      return {emit(groups),
                              emit(ratio),
                              extents.emit(query[2]),
                              extents.emit(query[3]),
                              extents.emit(choice->shapes.getDims(op.getValue())[3]),
                              llvm::ConstantFP::get(llvm::Type::getFloatTy(context), code.getExponent())};
                    });
  };
  writeEntry(stub.name, choice->width);
  if (!stub.aligned.empty())
    writeEntry(stub.getNarrowName(), 1);
  llvm::Expected<std::string> ptx = compileToPtx(std::move(device), std::move(libraries), capability);
  if (!ptx)
    return ptx.takeError();
  return std::optional<std::string>(stub.write(*ptx));
}

} // namespace dlc::cuda

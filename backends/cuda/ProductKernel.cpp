// SPDX-License-Identifier: Apache-2.0
#include "backends/cuda/ProductKernel.h"
#include "backends/cuda/DeviceCode.h"
#include "backends/cuda/Epilogue.h"
#include "backends/cuda/LaunchStub.h"
#include "backends/cuda/Product.h"
#include "backends/cuda/TemplateCode.h"

using llvm::Value;

namespace dlc::cuda {
namespace {

constexpr uint32_t productThreads = 256;

/// A family of instances, by what multiplies.
struct Multiplier {
  llvm::StringRef name;    ///< "Sm80" of dlcProductSm80_...
  llvm::StringRef library; ///< the file of kernels/ that defines it
  int64_t width;           ///< neighbours that wide instances read at once
  bool hasLargeTile;
  llvm::StringRef description;
};

Multiplier chooseMultiplier(mlir::Type element, int64_t capability, MathMode math) {
  bool isStrict = math == MathMode::Strict, isAmpere = capability >= 80;
  if (element.isF16() && !isStrict)
    return isAmpere ? Multiplier{"HalfSm80", "HalfProductSm80", 8, true, "tensor cores, f16"}
                    : Multiplier{"HalfSm75", "HalfProductSm75", 8, true, "tensor cores, f16"};
  if (element.isBF16() && !isStrict && isAmpere)
    return {"BFloatSm80", "HalfProductSm80", 8, true, "tensor cores, bf16"};
  if (element.isF32() && !isStrict && isAmpere)
    return {"Sm80", "ProductSm80", 4, true, "tensor cores, 3xTF32"};
  if (element.isF32())
    return {"Sm75", "ProductSm75", 4, true, "multiply-add in f32"};
  return {element.isF16() ? "Sm75F16" : "Sm75BF16", "ProductSm75", 4, false, "multiply-add in f32"};
}

/// An instance of a template, `dlcProductSm80_128_1_4_0_1` for example.
struct Instance {
  Multiplier multiplier;
  int64_t tile;
  int64_t leftWidth, rightWidth;

  std::string getName(const Product &product) const {
    return ("dlcProduct" + multiplier.name + "_" + llvm::Twine(tile) + "_" + (product.isLeftByDepth ? "1_" : "0_") +
            llvm::Twine(leftWidth) + "_" + (product.isRightByDepth ? "1_" : "0_") + llvm::Twine(rightWidth))
        .str();
  }
};

/// Tiles of 128 read less of each operand, and are taken where they are enough for a large GPU.
int64_t chooseTile(const Product &product) {
  constexpr int64_t large = 128, multiprocessors = 132;
  std::optional<int64_t> rows = constantDim(product.rows), columns = constantDim(product.columns),
                         batch = constantDim(product.batch);
  if (!rows || !columns || !batch)
    return 64;
  return *batch * llvm::divideCeil(*rows, large) * llvm::divideCeil(*columns, large) >= multiprocessors ? large : 64;
}

/// Writes the kernel's own functions, which the template calls.
class ProductCode : public TemplateCode {
public:
  ProductCode(llvm::Module &module, KernelFuncOp kernel, const KernelShapes &shapes, Product &product)
      : TemplateCode(module, kernel), shapes(shapes), product(product) {}

  void writeFinder(llvm::StringRef name, bool isLeft) {
    llvm::Type *i32 = builder.getInt32Ty();
    llvm::Function *function = begin(name, builder.getPtrTy(), {i32, i32, i32});
    ExtentCode extents(builder, symbols);
    Value *batch = function->getArg(1), *first = function->getArg(2), *second = function->getArg(3);
    Product::Element element = isLeft ? product.findLeft(builder, extents, batch, first, second)
                                      : product.findRight(builder, extents, batch, first, second);
    mlir::BlockArgument operand = isLeft ? product.left : product.right;
    Value *address = elementOf(operand.getArgNumber(), operand.getType(), element.position);
    if (element.isInside)
      address = builder.CreateSelect(element.isInside, address, llvm::ConstantPointerNull::get(builder.getPtrTy()));
    builder.CreateRet(address);
  }

  void writeStore() {
    llvm::Type *i32 = builder.getInt32Ty();
    llvm::Function *function = begin("dlcStore", builder.getVoidTy(), {i32, i32, i32, builder.getFloatTy()});
    ExtentCode extents(builder, symbols);
    auto [index, isInside] =
        product.findResult(builder, extents, function->getArg(1), function->getArg(2), function->getArg(3));
    if (isInside) {
      auto *inside = llvm::BasicBlock::Create(module.getContext(), "", function),
           *outside = llvm::BasicBlock::Create(module.getContext(), "", function);
      builder.CreateCondBr(isInside, inside, outside);
      builder.SetInsertPoint(outside);
      builder.CreateRetVoid();
      builder.SetInsertPoint(inside);
    }
    auto getAddress = [&](unsigned number, Value *position) {
      return elementOf(number, kernel.getBody().getArgument(number).getType(), position);
    };
    Epilogue epilogue(builder, module, extents, shapes, index, getAddress);
    epilogue.setValue(product.result, function->getArg(4));
    mlir::Value yielded = kernel.getYielded();
    Value *stored =
        builder.CreateFPTrunc(epilogue.emit(yielded), Epilogue::getStoredType(module.getContext(), yielded.getType()));
    Value *position = extents.linearize(index, shapes.getDims(yielded));
    builder.CreateStore(stored, elementOf(getResult(), yielded.getType(), position));
    builder.CreateRetVoid();
  }

  void writeKernel(llvm::StringRef name, llvm::StringRef instance) {
    writeEntry(name, productThreads, instance, [&](ExtentCode &extents) -> llvm::SmallVector<Value *> {
      return {extents.emit(product.rows), extents.emit(product.columns), extents.emit(product.depth)};
    });
  }

private:
  Value *elementOf(unsigned number, mlir::Type tensor, Value *position) {
    return elementAt(number, Epilogue::getStoredType(module.getContext(), tensor), position);
  }

  const KernelShapes &shapes;
  Product &product;
};

/// A kernel and the template for it.
struct Choice {
  KernelShapes shapes;
  std::unique_ptr<Product> product;
  Instance instance;
};

/// Fails with the reason why there is no template, which is "" for kernels that are not sums of products.
llvm::Expected<Choice> choose(KernelFuncOp kernel, int64_t capability, MathMode math, const llvm::Module &epilogues) {
  mlir::FailureOr<KernelShapes> shapes = KernelShapes::analyze(kernel);
  if (mlir::failed(shapes))
    return llvm::createStringError("");
  std::string why;
  std::unique_ptr<Product> product = Product::match(kernel, *shapes, why);
  if (!product)
    return llvm::createStringError(why);
  if (kernel.getYieldedValues().size() != 1)
    return llvm::createStringError("it has several results");
  if (mlir::Operation *op = Epilogue::findUnknown(kernel, product->result, *shapes, epilogues))
    return llvm::createStringError("no template can be followed by " + op->getName().getStringRef());
  // A result of these extents is in memory that is row-major.
  if (shapes->getDims(kernel.getYielded()) != shapes->getDims(product->result))
    return llvm::createStringError("its result is not that of the product");
  Multiplier multiplier = chooseMultiplier(product->getElementType(), capability, math);
  Instance instance{multiplier, multiplier.hasLargeTile ? chooseTile(*product) : 64,
                    product->leftGroup % multiplier.width == 0 ? multiplier.width : 1,
                    product->rightGroup % multiplier.width == 0 ? multiplier.width : 1};
  return Choice{std::move(*shapes), std::move(product), instance};
}

} // namespace

TemplateRoute findProductRoute(KernelFuncOp kernel, int64_t capability, MathMode math) {
  llvm::LLVMContext context;
  auto epilogues = readKernels("Epilogue", context);
  if (!epilogues) {
    llvm::consumeError(epilogues.takeError());
    return {};
  }
  llvm::Expected<Choice> choice = choose(kernel, capability, math, **epilogues);
  if (!choice)
    return {"", llvm::toString(choice.takeError())};
  return {(choice->instance.multiplier.description + ", tiles of " + llvm::Twine(choice->instance.tile)).str(), ""};
}

llvm::Expected<std::optional<std::string>> compileProductKernel(KernelFuncOp kernel, int64_t capability,
                                                                MathMode math) {
  llvm::LLVMContext context;
  std::vector<std::unique_ptr<llvm::Module>> libraries;
  auto epilogues = readKernels("Epilogue", context);
  if (!epilogues)
    return epilogues.takeError();
  llvm::Expected<Choice> choice = choose(kernel, capability, math, **epilogues);
  if (!choice) {
    llvm::consumeError(choice.takeError());
    return std::nullopt;
  }
  auto &[shapes, product, instance] = *choice;
  auto library = readKernels(instance.multiplier.library, context);
  if (!library)
    return library.takeError();
  libraries.push_back(std::move(*library));
  libraries.push_back(std::move(*epilogues));

  Instance narrow = instance;
  narrow.leftWidth = narrow.rightWidth = 1;
  auto countTiles = [&](mlir::AffineExpr extent) { return (extent + (instance.tile - 1)).floorDiv(instance.tile); };
  LaunchStub stub{kernel,
                  "product",
                  countTiles(product->rows) * countTiles(product->columns) * product->batch,
                  productThreads,
                  std::max(readConstant(*libraries.front(), instance.getName(*product) + "_shared"),
                           readConstant(*libraries.front(), narrow.getName(*product) + "_shared")),
                  {}};
  if (instance.leftWidth * instance.rightWidth > 1)
    stub.aligned = {product->left.getArgNumber(), product->right.getArgNumber()};
  std::unique_ptr<llvm::Module> device = createDeviceModule(context);
  ProductCode code(*device, kernel, shapes, *product);
  code.writeFinder("dlcLeft", /*isLeft=*/true);
  code.writeFinder("dlcRight", /*isLeft=*/false);
  code.writeStore();
  code.writeKernel(stub.name, instance.getName(*product));
  if (!stub.aligned.empty())
    code.writeKernel(stub.getNarrowName(), narrow.getName(*product));
  llvm::Expected<std::string> ptx = compileToPtx(std::move(device), std::move(libraries), capability);
  if (!ptx)
    return ptx.takeError();
  return std::optional<std::string>(stub.write(*ptx));
}

} // namespace dlc::cuda

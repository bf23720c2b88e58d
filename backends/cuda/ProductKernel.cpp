// SPDX-License-Identifier: Apache-2.0
#include "backends/cuda/ProductKernel.h"
#include "backends/cuda/DeviceCode.h"
#include "backends/cuda/Epilogue.h"
#include "backends/cuda/LaunchStub.h"
#include "backends/cuda/Product.h"
#include "ir/Layout.h"

using llvm::Value;

namespace dlc::cuda {
namespace {

/// An instance of a template, `Sm80_128_1_4_0_1` for example.
struct Instance {
  std::string multiplier; ///< "Sm75" or "Sm80"
  int64_t tile;
  int64_t leftWidth, rightWidth;

  std::string getName(const Product &product) const {
    return "dlcProduct" + multiplier + "_" + std::to_string(tile) + "_" + (product.isLeftByDepth ? "1_" : "0_") +
           std::to_string(leftWidth) + "_" + (product.isRightByDepth ? "1_" : "0_") + std::to_string(rightWidth);
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

/// Writes the kernel's own functions, which the template calls. What they need is in memory that the optimizer removes:
/// the addresses of all tensors, then the symbols.
class DeviceWriter {
public:
  DeviceWriter(llvm::Module &module, KernelFuncOp kernel, const KernelShapes &shapes, Product &product)
      : module(module), builder(module.getContext()), kernel(kernel), shapes(shapes), product(product) {
    llvm::Type *pointer = builder.getPtrTy(), *i32 = builder.getInt32Ty();
    fields.assign(kernel.getBody().front().getNumArguments() + 1, pointer);
    tensors = fields.size();
    fields.append(kernel.getSymbols() ? kernel.getSymbols()->size() : 0, i32);
    context = llvm::StructType::get(module.getContext(), fields);
  }

  void writeFinder(llvm::StringRef name, bool isLeft) {
    llvm::Type *i32 = builder.getInt32Ty();
    llvm::Function *function = begin(name, builder.getPtrTy(), {i32, i32, i32});
    ExtentCode extents(builder, symbols);
    Value *batch = function->getArg(1), *first = function->getArg(2), *second = function->getArg(3);
    Product::Element element = isLeft ? product.findLeft(builder, extents, batch, first, second)
                                      : product.findRight(builder, extents, batch, first, second);
    mlir::BlockArgument operand = isLeft ? product.left : product.right;
    Value *address = elementAt(operand.getArgNumber(), element.position);
    if (element.isInside)
      address = builder.CreateSelect(element.isInside, address, llvm::ConstantPointerNull::get(builder.getPtrTy()));
    builder.CreateRet(address);
  }

  void writeStore() {
    llvm::Type *i32 = builder.getInt32Ty();
    llvm::Function *function = begin("dlcStore", builder.getVoidTy(), {i32, i32, i32, builder.getFloatTy()});
    ExtentCode extents(builder, symbols);
    llvm::SmallVector<Value *> index =
        product.findResult(builder, extents, function->getArg(1), function->getArg(2), function->getArg(3));
    auto getAddress = [&](unsigned number, Value *position) { return elementAt(number, position); };
    Epilogue epilogue(builder, module, extents, shapes, index, getAddress);
    epilogue.setValue(product.result, function->getArg(4));
    Value *stored = epilogue.emit(kernel.getYielded());
    builder.CreateStore(stored, elementAt(tensors - 1, extents.linearize(index, shapes.getDims(kernel.getYielded()))));
    builder.CreateRetVoid();
  }

  /// The entry: every tensor and symbol, in the order of the launch.
  void writeKernel(llvm::StringRef name, llvm::StringRef instance) {
    auto *function = llvm::Function::Create(llvm::FunctionType::get(builder.getVoidTy(), fields, /*isVarArg=*/false),
                                            llvm::GlobalValue::ExternalLinkage, name, module);
    markAsKernel(*function, 256);
    builder.SetInsertPoint(llvm::BasicBlock::Create(module.getContext(), "", function));
    Value *memory = builder.CreateAlloca(context);
    symbols.clear();
    for (llvm::Argument &argument : function->args()) {
      unsigned number = argument.getArgNo();
      if (number < tensors) {
        function->addParamAttr(number, llvm::Attribute::NoAlias);
        if (number + 1 < tensors)
          function->addParamAttr(number, llvm::Attribute::ReadOnly);
      } else {
        symbols.push_back(&argument);
      }
      builder.CreateStore(&argument, builder.CreateStructGEP(context, memory, number));
    }
    ExtentCode extents(builder, symbols);
    llvm::Type *i32 = builder.getInt32Ty();
    auto callee = module.getOrInsertFunction(instance, builder.getVoidTy(), builder.getPtrTy(), i32, i32, i32);
    builder.CreateCall(
        callee, {memory, extents.emit(product.rows), extents.emit(product.columns), extents.emit(product.depth)});
    builder.CreateRetVoid();
  }

private:
  llvm::Function *begin(llvm::StringRef name, llvm::Type *result, llvm::ArrayRef<llvm::Type *> parameters) {
    llvm::SmallVector<llvm::Type *> types{builder.getPtrTy()};
    llvm::append_range(types, parameters);
    auto *function = llvm::Function::Create(llvm::FunctionType::get(result, types, /*isVarArg=*/false),
                                            llvm::GlobalValue::ExternalLinkage, name, module);
    builder.SetInsertPoint(llvm::BasicBlock::Create(module.getContext(), "", function));
    symbols.clear();
    for (unsigned number = tensors; number < fields.size(); ++number)
      symbols.push_back(
          builder.CreateLoad(builder.getInt32Ty(), builder.CreateStructGEP(context, function->getArg(0), number)));
    return function;
  }

  /// The element of a tensor, for the function that `begin` began.
  Value *elementAt(unsigned number, Value *position) {
    Value *own = builder.GetInsertBlock()->getParent()->getArg(0);
    Value *base = builder.CreateLoad(builder.getPtrTy(), builder.CreateStructGEP(context, own, number));
    return builder.CreateGEP(builder.getFloatTy(), base, builder.CreateZExt(position, builder.getInt64Ty()));
  }

  llvm::Module &module;
  llvm::IRBuilder<> builder;
  KernelFuncOp kernel;
  const KernelShapes &shapes;
  Product &product;
  llvm::SmallVector<llvm::Type *> fields;
  unsigned tensors;
  llvm::StructType *context;
  llvm::SmallVector<Value *> symbols;
};

int64_t readConstant(llvm::Module &library, llvm::StringRef name) {
  llvm::GlobalVariable *variable = library.getNamedGlobal(name);
  return llvm::cast<llvm::ConstantInt>(variable->getInitializer())->getSExtValue();
}

/// The result has the extents of the product, in memory that is row-major.
bool isResultPlain(KernelFuncOp kernel, const KernelShapes &shapes, const Product &product) {
  auto type = llvm::cast<mlir::RankedTensorType>(kernel.getYielded().getType());
  return kernel.getYieldedValues().size() == 1 && type.getElementType().isF32() && !getLayout(type) &&
         shapes.getDims(kernel.getYielded()) == shapes.getDims(product.result);
}

} // namespace

llvm::Expected<std::optional<std::string>> compileProductKernel(KernelFuncOp kernel, int64_t capability,
                                                                MathMode math) {
  mlir::FailureOr<KernelShapes> shapes = KernelShapes::analyze(kernel);
  if (mlir::failed(shapes))
    return std::nullopt;
  std::unique_ptr<Product> product = Product::match(kernel, *shapes);
  if (!product || !isResultPlain(kernel, *shapes, *product))
    return std::nullopt;
  llvm::LLVMContext context;
  std::vector<std::unique_ptr<llvm::Module>> libraries;
  Instance instance{capability >= 80 && math != MathMode::Strict ? "Sm80" : "Sm75", chooseTile(*product),
                    product->isLeftInFours ? 4 : 1, product->isRightInFours ? 4 : 1};
  for (llvm::StringRef name : {std::string("Product" + instance.multiplier), std::string("Epilogue")}) {
    auto library = readKernels(name, context);
    if (!library)
      return library.takeError();
    libraries.push_back(std::move(*library));
  }
  if (!Epilogue::has(kernel, product->result, *shapes, *libraries.back()))
    return std::nullopt;

  Instance narrow = instance;
  narrow.leftWidth = narrow.rightWidth = 1;
  LaunchStub stub{kernel, *product, instance.tile,
                  readConstant(*libraries.front(), instance.getName(*product) + "_shared"),
                  /*hasNarrow=*/instance.leftWidth * instance.rightWidth > 1};
  std::unique_ptr<llvm::Module> device = createDeviceModule(context);
  DeviceWriter writer(*device, kernel, *shapes, *product);
  writer.writeFinder("dlcLeft", /*isLeft=*/true);
  writer.writeFinder("dlcRight", /*isLeft=*/false);
  writer.writeStore();
  writer.writeKernel(LaunchStub::kernelName, instance.getName(*product));
  if (stub.hasNarrow)
    writer.writeKernel(LaunchStub::narrowName, narrow.getName(*product));
  llvm::Expected<std::string> ptx = compileToPtx(std::move(device), std::move(libraries), capability);
  if (!ptx)
    return ptx.takeError();
  return std::optional<std::string>(stub.write(*ptx));
}

} // namespace dlc::cuda

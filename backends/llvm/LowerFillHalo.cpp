// SPDX-License-Identifier: Apache-2.0
#include "backends/llvm/ExtentArithmetic.h"
#include "backends/llvm/Passes.h"
#include "ir/Layout.h"
#include "ir/OpsProgram.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"

#define DEBUG_TYPE "dlc-lower-fill-halo"

namespace dlc {
#define GEN_PASS_DEF_LOWERFILLHALO
#include "backends/llvm/Passes.h.inc"
} // namespace dlc

using namespace dlc;
using mlir::Value;

namespace {
/// Writes the code that clears the halo of one buffer.
class HaloWriter {
public:
  /// `dims` are extents over `symbols`.
  HaloWriter(mlir::OpBuilder &builder, mlir::Location location, mlir::RankedTensorType tensor, mlir::AffineMap dims,
             Value base, llvm::ArrayRef<Value> symbols)
      : builder(builder), location(location), extents(builder, location, symbols), base(base) {
    shape = getPhysicalShape(tensor, dims.getResults());
    elementBytes = getElementBytes(tensor.getElementType());
    for (auto [position, dim] : llvm::enumerate(shape.dims))
      if (dim.haloLow || dim.haloHigh)
        innermostWithHalo = position;
  }

  void write() {
    if (innermostWithHalo)
      writeFrom(0, extents.constant(0));
  }

private:
  /// Clears `count` elements of dimension `position` from byte `offset` on.
  void clear(size_t position, Value offset, int64_t count) {
    if (count == 0)
      return;
    Value address = mlir::LLVM::GEPOp::create(builder, location, base.getType(), builder.getI8Type(), base,
                                              llvm::ArrayRef<mlir::LLVM::GEPArg>{offset});
    Value zero = mlir::LLVM::ConstantOp::create(builder, location, builder.getI8IntegerAttr(0));
    Value bytes = extents.emit(shape.dims[position].stride * (count * elementBytes));
    mlir::LLVM::MemsetOp::create(builder, location, address, zero, bytes, /*isVolatile=*/false);
  }

  /// Clears the halos of dimension `position` and of those inside it, in the part of the buffer at byte `offset`.
  void writeFrom(size_t position, Value offset) {
    const PhysicalDim &dim = shape.dims[position];
    Value stride = extents.emit(dim.stride * elementBytes);
    clear(position, offset, dim.haloLow);
    Value interior =
        mlir::arith::AddIOp::create(builder, location, offset, extents.emit(dim.stride * (dim.haloLow * elementBytes)));
    Value interiorBytes = extents.emit(dim.stride * dim.extent * elementBytes);
    Value end = mlir::arith::AddIOp::create(builder, location, interior, interiorBytes);
    clear(position, end, dim.haloHigh);
    if (position == *innermostWithHalo)
      return;
    auto loop = mlir::scf::ForOp::create(builder, location, interior, end, stride);
    mlir::OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(loop.getBody());
    writeFrom(position + 1, loop.getInductionVar());
  }

  mlir::OpBuilder &builder;
  mlir::Location location;
  ExtentArithmetic extents;
  PhysicalShape shape;
  int64_t elementBytes;
  std::optional<size_t> innermostWithHalo;
  Value base; ///< the buffer's address
};

/// The functions that clear halos, one for all buffers of a type that are open in the same dimensions. They are not
/// inlined: LLVM would look for expressions of open extents that their loops could share with everything around them.
class HaloFunctions {
public:
  explicit HaloFunctions(mlir::ModuleOp module) : module(module) {}

  /// `void fill_halo.N(address, extents)`, where `extents` are the symbols of `dims`.
  mlir::func::FuncOp get(mlir::RankedTensorType tensor, mlir::AffineMap dims, mlir::Location location) {
    mlir::func::FuncOp &function = functions[{tensor, dims}];
    if (function)
      return function;
    mlir::OpBuilder builder = mlir::OpBuilder::atBlockEnd(module.getBody());
    llvm::SmallVector<mlir::Type> types(dims.getNumSymbols() + 1, builder.getI64Type());
    types.front() = mlir::LLVM::LLVMPointerType::get(builder.getContext());
    function = mlir::func::FuncOp::create(builder, location, ("fill_halo." + llvm::Twine(functions.size() - 1)).str(),
                                          builder.getFunctionType(types, {}));
    function.setPrivate();
    function->setAttr("passthrough", builder.getStrArrayAttr({"noinline"}));
    builder.setInsertionPointToStart(function.addEntryBlock());
    llvm::SmallVector<Value> extents(llvm::drop_begin(function.getArguments()));
    HaloWriter(builder, location, tensor, dims, function.getArgument(0), extents).write();
    mlir::func::ReturnOp::create(builder, location);
    return function;
  }

private:
  mlir::ModuleOp module;
  llvm::DenseMap<std::pair<mlir::Type, mlir::AffineMap>, mlir::func::FuncOp> functions;
};

class LowerFillHaloPass : public dlc::impl::LowerFillHaloBase<LowerFillHaloPass> {
  void runOnOperation() override {
    HaloFunctions functions(getOperation());
    llvm::SmallVector<FillHaloOp> ops;
    getOperation().walk([&](FillHaloOp op) { ops.push_back(op); });
    for (FillHaloOp op : ops) {
      lower(op, functions);
      op.erase();
    }
  }

  static void lower(FillHaloOp op, HaloFunctions &functions) {
    auto tensor = llvm::cast<mlir::RankedTensorType>(op.getTensor());
    LayoutAttr layout = getLayout(tensor);
    if (!layout || !layout.getHaloLow())
      return;
    mlir::OpBuilder builder(op);
    mlir::Location location = op.getLoc();
    auto toI64 = [&](Value index) -> Value {
      return mlir::arith::IndexCastOp::create(builder, location, builder.getI64Type(), index);
    };
    Value address = toI64(mlir::memref::ExtractAlignedPointerAsIndexOp::create(builder, location, op.getBuffer()));
    auto pointer = mlir::LLVM::LLVMPointerType::get(builder.getContext());
    llvm::SmallVector<Value> operands{mlir::LLVM::IntToPtrOp::create(builder, location, pointer, address)};
    llvm::SmallVector<mlir::AffineExpr> dims;
    mlir::AffineMap map = op.getDims();
    for (auto [number, dim] : llvm::enumerate(map.getResults())) {
      if (constantDim(dim)) {
        dims.push_back(dim);
        continue;
      }
      dims.push_back(builder.getAffineSymbolExpr(operands.size() - 1));
      operands.push_back(toI64(mlir::affine::AffineApplyOp::create(
          builder, location, map.getSubMap({static_cast<unsigned>(number)}), op.getSymbols())));
    }
    auto ownDims = mlir::AffineMap::get(0, operands.size() - 1, dims, builder.getContext());
    mlir::func::CallOp::create(builder, location, functions.get(tensor, ownDims, location), operands);
  }
};
} // namespace

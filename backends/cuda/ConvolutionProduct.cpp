// SPDX-License-Identifier: Apache-2.0
// Convolutions and their gradients as products of implicit matrices, whose batch is groups. Index computations are on
// 32 bits; coordinates that are not in an image, negative ones among them, are large as unsigned numbers.
#include "backends/cuda/Product.h"
#include "ir/ExtentAlgebra.h"
#include "ir/OpsConvolution.h"
#include "llvm/Support/MathExtras.h"

using llvm::Value;
using mlir::AffineExpr;

namespace dlc::cuda {
namespace {

Value *number(llvm::IRBuilder<> &builder, int64_t value) { return builder.getInt32(static_cast<uint32_t>(value)); }

/// `value`, and that `isIn`, too.
Value *both(llvm::IRBuilder<> &builder, Value *value, Value *isIn) {
  return value ? builder.CreateAnd(value, isIn) : isIn;
}

/// The images of a batch and the pixels in them as one dimension.
llvm::SmallVector<AffineExpr> listPixels(llvm::ArrayRef<AffineExpr> dims) {
  llvm::SmallVector<AffineExpr> pixels(dims.drop_front(2));
  pixels.insert(pixels.begin(), dims[0]);
  return pixels;
}

/// Where a tap meets the image for a pixel of the result: at `pixel stride + tap dilation - pad`, which may be outside.
struct Windows {
  llvm::ArrayRef<int64_t> strides, dilations, pads;
  llvm::ArrayRef<AffineExpr> imageDims;

  bool arePixels(llvm::ArrayRef<AffineExpr> weightDims) const {
    auto isOne = [](int64_t number) { return number == 1; };
    return llvm::all_of(strides, isOne) && llvm::all_of(pads, [](int64_t pad) { return pad == 0; }) &&
           llvm::all_of(weightDims.drop_front(2), [](AffineExpr extent) { return constantDim(extent) == 1; });
  }

  /// The element that number `tap` of the channels and taps of a weight of `weightDims` meets at number `pixel` of the
  /// pixels of all results of `resultDims`, in a group.
  Product::Element find(llvm::IRBuilder<> &builder, ExtentCode &extents, Value *group, Value *tap,
                        llvm::ArrayRef<AffineExpr> weightDims, Value *pixel, llvm::ArrayRef<AffineExpr> resultDims,
                        bool isAlwaysInside) const {
    llvm::SmallVector<Value *> taps = extents.delinearize(tap, weightDims.drop_front(1));
    llvm::SmallVector<Value *> pixels = extents.delinearize(pixel, listPixels(resultDims));
    Value *channel = builder.CreateAdd(builder.CreateMul(group, extents.emit(weightDims[1])), taps[0]);
    llvm::SmallVector<Value *> index{pixels[0], channel};
    Value *isInside = nullptr;
    for (size_t dim = 0; dim < strides.size(); ++dim) {
      Value *at = builder.CreateAdd(builder.CreateMul(pixels[1 + dim], number(builder, strides[dim])),
                                    builder.CreateMul(taps[1 + dim], number(builder, dilations[dim])));
      at = builder.CreateSub(at, number(builder, pads[dim]));
      index.push_back(at);
      if (!isAlwaysInside)
        isInside = both(builder, isInside, builder.CreateICmpULT(at, extents.emit(imageDims[2 + dim])));
    }
    return {extents.linearize(index, imageDims), isInside};
  }
};

/// Rows are filters, columns pixels of all images, the depth is what a window sees.
class Convolution final : public Product {
public:
  Convolution(ConvOp op, const KernelShapes &shapes)
      : dims(shapes.getDims(op)), weightDims(shapes.getDims(op.getW())),
        windows{op.getStrides(), op.getDilations(), op.getPads(), shapes.getDims(op.getX())} {
    mlir::MLIRContext *context = op.getContext();
    left = llvm::cast<mlir::BlockArgument>(op.getW());
    right = llvm::cast<mlir::BlockArgument>(op.getX());
    result = op;
    batch = mlir::getAffineConstantExpr(op.getGroups(), context);
    rows = weightDims[0].floorDiv(op.getGroups());
    columns = multiplyAll(listPixels(dims), context);
    depth = multiplyAll(weightDims.drop_front(1), context);
    leftGroup = findGroup(depth);
    isPointwise = windows.arePixels(weightDims);
    if (isPointwise)
      rightGroup = findGroup(multiplyAll(windows.imageDims.drop_front(2), context));
  }

  Element findLeft(llvm::IRBuilder<> &builder, ExtentCode &extents, Value *batch, Value *row, Value *k) override {
    Value *filter = builder.CreateAdd(builder.CreateMul(batch, extents.emit(rows)), row);
    return {builder.CreateAdd(builder.CreateMul(filter, extents.emit(depth)), k)};
  }

  Element findRight(llvm::IRBuilder<> &builder, ExtentCode &extents, Value *batch, Value *k, Value *column) override {
    return windows.find(builder, extents, batch, k, weightDims, column, dims, isPointwise);
  }

  Index findResult(llvm::IRBuilder<> &builder, ExtentCode &extents, Value *batch, Value *row, Value *column) override {
    llvm::SmallVector<Value *> index = extents.delinearize(column, listPixels(dims));
    Value *channel = builder.CreateAdd(builder.CreateMul(batch, extents.emit(rows)), row);
    index.insert(index.begin() + 1, channel);
    return {index};
  }

private:
  llvm::ArrayRef<AffineExpr> dims, weightDims;
  Windows windows;
  bool isPointwise;
};

/// Rows are filters of a group, columns its input channels and taps, the depth is pixels of all images: a sum in their
/// order.
class WeightGradient final : public Product {
public:
  WeightGradient(ConvWeightGradientOp op, const KernelShapes &shapes)
      : dims(shapes.getDims(op)), gradientDims(shapes.getDims(op.getYGradient())),
        windows{op.getStrides(), op.getDilations(), op.getPads(), shapes.getDims(op.getX())} {
    mlir::MLIRContext *context = op.getContext();
    left = llvm::cast<mlir::BlockArgument>(op.getYGradient());
    right = llvm::cast<mlir::BlockArgument>(op.getX());
    result = op;
    batch = mlir::getAffineConstantExpr(op.getGroups(), context);
    rows = dims[0].floorDiv(op.getGroups());
    columns = multiplyAll(dims.drop_front(1), context);
    depth = multiplyAll(listPixels(gradientDims), context);
    isRightByDepth = true;
    isPointwise = windows.arePixels(dims);
    // Groups do not leave an image.
    leftGroup = findGroup(multiplyAll(gradientDims.drop_front(2), context));
    if (isPointwise)
      rightGroup = leftGroup;
  }

  Element findLeft(llvm::IRBuilder<> &builder, ExtentCode &extents, Value *batch, Value *row, Value *k) override {
    llvm::SmallVector<Value *> index = extents.delinearize(k, listPixels(gradientDims));
    index.insert(index.begin() + 1, builder.CreateAdd(builder.CreateMul(batch, extents.emit(rows)), row));
    return {extents.linearize(index, gradientDims)};
  }

  Element findRight(llvm::IRBuilder<> &builder, ExtentCode &extents, Value *batch, Value *k, Value *column) override {
    return windows.find(builder, extents, batch, column, dims, k, gradientDims, isPointwise);
  }

  Index findResult(llvm::IRBuilder<> &builder, ExtentCode &extents, Value *batch, Value *row, Value *column) override {
    llvm::SmallVector<Value *> index = extents.delinearize(column, dims.drop_front(1));
    index.insert(index.begin(), builder.CreateAdd(builder.CreateMul(batch, extents.emit(rows)), row));
    return {index};
  }

private:
  llvm::ArrayRef<AffineExpr> dims, gradientDims;
  Windows windows;
  bool isPointwise;
};

/// Results `stride q + phase` of one phase are a convolution of stride 1 with every stride-th tap, so nothing is
/// multiplied by zeros between the elements of the input. Rows are output channels of a group, columns positions q of
/// all images, the batch is groups and phases, the depth is input channels and the taps of a phase. With dilation there
/// is one phase, in which a tap may meet no element of the input.
class TransposedConvolution final : public Product {
public:
  TransposedConvolution(ConvTransposeOp op, const KernelShapes &shapes)
      : op(op), dims(shapes.getDims(op)), inputDims(shapes.getDims(op.getX())), weightDims(shapes.getDims(op.getW())) {
    mlir::MLIRContext *context = op.getContext();
    auto constant = [&](int64_t value) { return mlir::getAffineConstantExpr(value, context); };
    left = llvm::cast<mlir::BlockArgument>(op.getW());
    right = llvm::cast<mlir::BlockArgument>(op.getX());
    result = op;
    phaseDims.push_back(constant(op.getGroups()));
    positionDims.push_back(dims[0]);
    tapDims.push_back(inputDims[1].floorDiv(op.getGroups()));
    for (size_t dim = 0; dim + 2 < dims.size(); ++dim) {
      int64_t phases = op.getDilations()[dim] == 1 ? op.getStrides()[dim] : 1;
      phaseDims.push_back(constant(phases));
      positionDims.push_back((dims[2 + dim] + (phases - 1)).floorDiv(phases));
      tapDims.push_back((weightDims[2 + dim] + (phases - 1)).floorDiv(phases));
    }
    batch = multiplyAll(phaseDims, context);
    rows = weightDims[1];
    columns = multiplyAll(positionDims, context);
    depth = multiplyAll(tapDims, context);
  }

  Element findLeft(llvm::IRBuilder<> &builder, ExtentCode &extents, Value *batch, Value *row, Value *k) override {
    llvm::SmallVector<Value *> phase = extents.delinearize(batch, phaseDims), step = extents.delinearize(k, tapDims);
    llvm::SmallVector<Value *> index{findChannel(builder, extents, phase[0], step[0]), row};
    Value *isInside = nullptr;
    for (size_t dim = 0; dim + 2 < dims.size(); ++dim) {
      Value *tap = step[1 + dim];
      if (int64_t phases = countPhases(dim); phases > 1) {
        tap =
            builder.CreateAdd(builder.CreateMul(tap, number(builder, phases)), shift(builder, dim, phase[1 + dim]).tap);
        isInside = both(builder, isInside, builder.CreateICmpULT(tap, extents.emit(weightDims[2 + dim])));
      }
      index.push_back(tap);
    }
    return {extents.linearize(index, weightDims), isInside};
  }

  Element findRight(llvm::IRBuilder<> &builder, ExtentCode &extents, Value *batch, Value *k, Value *column) override {
    llvm::SmallVector<Value *> phase = extents.delinearize(batch, phaseDims), step = extents.delinearize(k, tapDims),
                               position = extents.delinearize(column, positionDims);
    llvm::SmallVector<Value *> index{position[0], findChannel(builder, extents, phase[0], step[0])};
    Value *isInside = nullptr;
    for (size_t dim = 0; dim + 2 < dims.size(); ++dim) {
      Value *at;
      if (op.getDilations()[dim] == 1) {
        at = builder.CreateAdd(position[1 + dim], shift(builder, dim, phase[1 + dim]).input);
        at = builder.CreateSub(at, step[1 + dim]);
      } else {
        Value *stride = number(builder, op.getStrides()[dim]);
        Value *distance = builder.CreateSub(builder.CreateAdd(position[1 + dim], number(builder, op.getPads()[dim])),
                                            builder.CreateMul(step[1 + dim], number(builder, op.getDilations()[dim])));
        Value *zero = number(builder, 0);
        isInside = both(builder, isInside, builder.CreateICmpEQ(builder.CreateSRem(distance, stride), zero));
        isInside = both(builder, isInside, builder.CreateICmpSGE(distance, zero));
        at = builder.CreateSDiv(distance, stride);
      }
      isInside = both(builder, isInside, builder.CreateICmpULT(at, extents.emit(inputDims[2 + dim])));
      index.push_back(at);
    }
    return {extents.linearize(index, inputDims), isInside};
  }

  Index findResult(llvm::IRBuilder<> &builder, ExtentCode &extents, Value *batch, Value *row, Value *column) override {
    llvm::SmallVector<Value *> phase = extents.delinearize(batch, phaseDims),
                               position = extents.delinearize(column, positionDims);
    Value *channel = builder.CreateAdd(builder.CreateMul(phase[0], extents.emit(rows)), row);
    Index result{{position[0], channel}};
    for (size_t dim = 0; dim + 2 < dims.size(); ++dim) {
      Value *at = position[1 + dim];
      if (int64_t phases = countPhases(dim); phases > 1) {
        at = builder.CreateAdd(builder.CreateMul(at, number(builder, phases)), phase[1 + dim]);
        result.isInside = both(builder, result.isInside, builder.CreateICmpULT(at, extents.emit(dims[2 + dim])));
      }
      result.index.push_back(at);
    }
    return result;
  }

private:
  int64_t countPhases(size_t dim) const { return *constantDim(phaseDims[1 + dim]); }

  Value *findChannel(llvm::IRBuilder<> &builder, ExtentCode &extents, Value *group, Value *channel) {
    return builder.CreateAdd(builder.CreateMul(group, extents.emit(tapDims[0])), channel);
  }

  /// Without dilation, step j of a phase is tap `stride j + tap`, which meets input `position + input - j`.
  struct Shift {
    Value *tap, *input;
  };
  Shift shift(llvm::IRBuilder<> &builder, size_t dim, Value *phase) {
    int64_t stride = op.getStrides()[dim], whole = llvm::divideFloorSigned(op.getPads()[dim], stride),
            rest = op.getPads()[dim] - whole * stride;
    Value *sum = builder.CreateAdd(phase, number(builder, rest)),
          *isOver = builder.CreateICmpUGE(sum, number(builder, stride));
    return {builder.CreateSelect(isOver, builder.CreateSub(sum, number(builder, stride)), sum),
            builder.CreateSelect(isOver, number(builder, whole + 1), number(builder, whole))};
  }

  ConvTransposeOp op;
  llvm::ArrayRef<AffineExpr> dims, inputDims, weightDims;
  /// (group, phases), (image, positions), (input channel of a group, steps)
  llvm::SmallVector<AffineExpr> phaseDims, positionDims, tapDims;
};

/// Products of one row or column would leave most of a tile empty.
bool isDepthwise(int64_t groups, AffineExpr channelsOfGroup) {
  return groups != 1 && constantDim(channelsOfGroup) == 1;
}

} // namespace

std::unique_ptr<Product> matchConvolution(mlir::Operation *op, const KernelShapes &shapes, std::string &why) {
  why = "a depthwise convolution would leave most of a tile empty";
  if (auto convolution = llvm::dyn_cast<ConvOp>(op)) {
    if (isDepthwise(convolution.getGroups(), shapes.getDims(convolution.getW())[1]))
      return nullptr;
    return std::make_unique<Convolution>(convolution, shapes);
  }
  if (auto gradient = llvm::dyn_cast<ConvWeightGradientOp>(op)) {
    if (isDepthwise(gradient.getGroups(), shapes.getDims(gradient)[1]))
      return nullptr;
    return std::make_unique<WeightGradient>(gradient, shapes);
  }
  auto transposed = llvm::cast<ConvTransposeOp>(op);
  if (isDepthwise(transposed.getGroups(), shapes.getDims(transposed.getW())[1]))
    return nullptr;
  return std::make_unique<TransposedConvolution>(transposed, shapes);
}

} // namespace dlc::cuda

// SPDX-License-Identifier: Apache-2.0
// Calls of a user's C functions: the kernel describes the tensors and the node as dlc/custom_op.h says, on its stack,
// and the runtime calls the function.
#include "backends/llvm/CustomFunctions.h"
#include "backends/llvm/ProgramDescription.h"
#include "backends/loops/LoopBodyInterface.h"
#include "dlc/custom_op.h"
#include "ir/OpsCustom.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include <cstddef>

using namespace mlir;

namespace dlc::loops {
namespace {

class CallWriter {
public:
  CallWriter(CustomOp op, LoopBody &body)
      : op(op), body(body), builder(body.getBuilder()), pointer(LLVM::LLVMPointerType::get(op.getContext())),
        module(builder.getInsertionBlock()->getParentOp()->getParentOfType<ModuleOp>()) {}

  void write() {
    llvm::SmallVector<LoopTensor> inputs, outputs;
    for (unsigned i = 0; i < op.getInputs().size(); ++i)
      inputs.push_back(body.getOperand(i));
    for (unsigned i = 0; i < op.getTypes().size(); ++i)
      outputs.push_back(body.getResult(i));
    Value call = allocate(sizeof(dlc_op_call));
    store(i32(inputs.size()), call, offsetof(dlc_op_call, input_count));
    store(i32(outputs.size()), call, offsetof(dlc_op_call, output_count));
    store(i32(op.getParameters().size()), call, offsetof(dlc_op_call, attribute_count));
    store(describe(inputs), call, offsetof(dlc_op_call, inputs));
    store(describe(outputs), call, offsetof(dlc_op_call, outputs));
    store(describeAttributes(), call, offsetof(dlc_op_call, attributes));
    store(createString(op.getOpName()), call, offsetof(dlc_op_call, op));
    store(createString(op.getLayer().value_or("")), call, offsetof(dlc_op_call, layer));
    LLVM::LLVMFuncOp function = declare(getCustomSymbol(op.getOpName()), {pointer}),
                     run = declare(runCustomOpName, {pointer, pointer, pointer});
    Value address = LLVM::AddressOfOp::create(builder, pointer, function.getSymName());
    body.setStatus(LLVM::CallOp::create(builder, run, ValueRange{body.getScratch(), address, call}).getResult());
  }

private:
  Value i32(int64_t value) {
    return arith::ConstantOp::create(builder, builder.getI32IntegerAttr(static_cast<int32_t>(value)));
  }
  Value i64(int64_t value) { return arith::ConstantOp::create(builder, builder.getI64IntegerAttr(value)); }
  Value at(Value base, size_t bytes) {
    return LLVM::GEPOp::create(builder, pointer, builder.getI8Type(), base,
                               llvm::ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(bytes)});
  }
  void store(Value value, Value base, size_t bytes) { LLVM::StoreOp::create(builder, value, at(base, bytes)); }

  /// Memory on the kernel's stack; a byte if there is nothing to store.
  Value allocate(size_t bytes) {
    return LLVM::AllocaOp::create(builder, pointer, builder.getI8Type(), i64(std::max<size_t>(bytes, 1)),
                                  /*alignment=*/alignof(dlc_op_call));
  }

  LLVM::LLVMFuncOp declare(llvm::StringRef name, llvm::ArrayRef<Type> arguments) {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(module.getBody());
    return LLVM::LLVMFuncOp::create(builder, name, LLVM::LLVMFunctionType::get(builder.getI32Type(), arguments));
  }

  Value describe(llvm::ArrayRef<LoopTensor> tensors) {
    Value array = allocate(tensors.size() * sizeof(dlc_op_tensor));
    for (auto [number, tensor] : llvm::enumerate(tensors)) {
      size_t position = number * sizeof(dlc_op_tensor);
      auto rank = static_cast<size_t>(tensor.getRank());
      Value extents = allocate(2 * rank * sizeof(int64_t));
      for (size_t dim = 0; dim < rank; ++dim) {
        store(tensor.getExtent(dim).getValue(), extents, 8 * dim);
        store(tensor.getStride(dim).getValue(), extents, 8 * (rank + dim));
      }
      store(tensor.getAddress(), array, position + offsetof(dlc_op_tensor, data));
      store(i32(*getElementTypeCode(tensor.getElementType())), array, position + offsetof(dlc_op_tensor, element_type));
      store(i32(tensor.getRank()), array, position + offsetof(dlc_op_tensor, rank));
      store(extents, array, position + offsetof(dlc_op_tensor, shape));
      store(at(extents, 8 * rank), array, position + offsetof(dlc_op_tensor, strides));
    }
    return array;
  }

  Value describeAttributes() {
    Value array = allocate(op.getParameters().size() * sizeof(dlc_op_attribute));
    for (auto [number, named] : llvm::enumerate(op.getParameters())) {
      size_t position = number * sizeof(dlc_op_attribute);
      Attribute value = named.getValue();
      auto list = llvm::dyn_cast<ArrayAttr>(value);
      llvm::SmallVector<Attribute> elements(list ? list.getValue() : llvm::ArrayRef(value));
      auto areAll = [&](auto isOfKind) { return !elements.empty() && llvm::all_of(elements, isOfKind); };
      int64_t kind = areAll([](Attribute element) { return llvm::isa<StringAttr>(element); })  ? DLC_OP_STRINGS
                     : areAll([](Attribute element) { return llvm::isa<FloatAttr>(element); }) ? DLC_OP_REALS
                                                                                               : DLC_OP_INTEGERS;
      Value values = allocate(8 * elements.size());
      for (auto [i, element] : llvm::enumerate(elements))
        store(createElement(element), values, 8 * i);
      store(createString(named.getName()), array, position + offsetof(dlc_op_attribute, name));
      store(i32(kind), array, position + offsetof(dlc_op_attribute, kind));
      store(i32(list ? 1 : 0), array, position + offsetof(dlc_op_attribute, is_list));
      store(i64(elements.size()), array, position + offsetof(dlc_op_attribute, count));
      store(values, array, position + offsetof(dlc_op_attribute, values));
    }
    return array;
  }

  Value createElement(Attribute element) {
    if (auto string = llvm::dyn_cast<StringAttr>(element))
      return createString(string.getValue());
    if (auto real = llvm::dyn_cast<FloatAttr>(element))
      return arith::ConstantOp::create(builder, builder.getF64FloatAttr(real.getValueAsDouble()));
    return i64(llvm::cast<IntegerAttr>(element).getInt());
  }

  /// A constant with a terminator.
  Value createString(llvm::StringRef text) {
    std::string bytes = text.str() + '\0', name = "text." + std::to_string(textCount++);
    {
      OpBuilder::InsertionGuard guard(builder);
      builder.setInsertionPointToStart(module.getBody());
      auto type = LLVM::LLVMArrayType::get(builder.getI8Type(), bytes.size());
      LLVM::GlobalOp::create(builder, type, /*isConstant=*/true, LLVM::Linkage::Internal, name,
                             builder.getStringAttr(bytes));
    }
    return LLVM::AddressOfOp::create(builder, pointer, name);
  }

  CustomOp op;
  LoopBody &body;
  ImplicitLocOpBuilder &builder;
  Type pointer;
  ModuleOp module;
  int textCount = 0;
};

void writeCustom(CustomOp op, LoopBody &body) { CallWriter(op, body).write(); }

} // namespace

void addCustom(MLIRContext *context) { addBody<CustomOp, &writeCustom>(context); }

} // namespace dlc::loops

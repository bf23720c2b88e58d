// SPDX-License-Identifier: Apache-2.0
#include "passes/memory/ProgramTables.h"
#include "ir/Layout.h"
#include "ir/Names.h"
#include "ir/OpsConstant.h"
#include "ir/OpsKernel.h"
#include "ir/OpsParameter.h"
#include "ir/OpsProgram.h"
#include "ir/Variables.h"

using namespace mlir;

namespace dlc {

KernelTable::KernelTable(ModuleOp module) : builder(module.getContext()) {
  builder.setInsertionPointToStart(module.getBody());
}

/// The same for equal kernels, however operands are connected.
static llvm::hash_code computeHash(KernelOp kernel, Attribute description) {
  llvm::hash_code hash = hash_value(description);
  for (BlockArgument argument : kernel.getBody().getArguments())
    hash = llvm::hash_combine(hash, argument.getType());
  for (Operation &op : kernel.getBody().front())
    hash = llvm::hash_combine(hash, OperationEquivalence::computeHash(&op, OperationEquivalence::ignoreHashValue,
                                                                      OperationEquivalence::ignoreHashValue,
                                                                      OperationEquivalence::IgnoreLocations));
  return hash;
}

FlatSymbolRefAttr KernelTable::outline(KernelOp kernel) {
  // What a kernel is besides its body. The names of the layer it came from and of symbols do not count.
  auto orNone = [&](ArrayAttr list) -> Attribute { return list ? Attribute(list) : builder.getUnitAttr(); };
  Attribute description =
      builder.getArrayAttr({kernel.getKindAttr(), orNone(kernel.getSchedulesAttr()), orNone(kernel.getInputDimsAttr()),
                            builder.getI64IntegerAttr(kernel.getSymbols() ? kernel.getSymbols()->size() : 0),
                            kernel->getDiscardableAttrDictionary()});
  llvm::SmallVector<Entry> &sameHash = entries[computeHash(kernel, description)];
  for (Entry &entry : sameHash)
    if (entry.description == description &&
        OperationEquivalence::isRegionEquivalentTo(&kernel.getBody(), &entry.function.getBody(),
                                                   OperationEquivalence::IgnoreLocations))
      return FlatSymbolRefAttr::get(entry.function.getSymNameAttr());
  std::string name = ("k" + llvm::Twine(count++) + "_" + toIdentifier(kernel.getKernelName())).str();
  auto function = KernelFuncOp::create(builder, kernel.getLoc(), builder.getStringAttr(name), kernel.getKindAttr(),
                                       kernel.getSchedulesAttr(), kernel.getInputDimsAttr(), kernel.getSymbolsAttr());
  for (NamedAttribute attribute : kernel->getDiscardableAttrs())
    function->setDiscardableAttr(attribute.getName(), attribute.getValue());
  function.getBody().takeBody(kernel.getBody());
  sameHash.push_back({description, function});
  return FlatSymbolRefAttr::get(function.getSymNameAttr());
}

int64_t WeightTable::place(ConstantOp constant) {
  auto type = llvm::cast<RankedTensorType>(constant.getType());
  auto [entry, isNew] = offsets.try_emplace({constant.getValue(), type}, size);
  if (isNew) {
    entries.push_back(entry->first);
    positions.push_back(size);
    int64_t bytes = *constantDim(getBufferBytes(type, staticDims(type)));
    size = llvm::alignTo(size + bytes, bufferAlignment);
  }
  return entry->second;
}

void WeightTable::emit(ModuleOp module) {
  if (entries.empty())
    return;
  OpBuilder builder = OpBuilder::atBlockBegin(module.getBody());
  llvm::SmallVector<Attribute> values, types;
  for (auto [value, type] : entries) {
    values.push_back(value);
    types.push_back(TypeAttr::get(type));
  }
  WeightsOp::create(builder, module.getLoc(), builder.getArrayAttr(values), builder.getArrayAttr(types),
                    builder.getDenseI64ArrayAttr(positions), builder.getI64IntegerAttr(size));
}

VariableTable::VariableTable(ModuleOp module) : module(module) {
  for (auto parameter : module.getOps<ParameterOp>()) {
    auto type = llvm::cast<RankedTensorType>(parameter.getType());
    offsets[parameter.getSymName()] = size;
    if (parameter.getKind() == "derived")
      derived.insert(parameter.getSymName());
    size = llvm::alignTo(size + *constantDim(getBufferBytes(type, staticDims(type))), bufferAlignment);
  }
}

bool VariableTable::readsDerived(func::FuncOp entry) const {
  return llvm::any_of(llvm::seq<unsigned>(0, entry.getNumArguments()), [&](unsigned number) {
    StringAttr variable = getVariableOfArgument(entry, number);
    return variable && derived.contains(variable.getValue());
  });
}

/// What is derived has a layout that nobody outside knows: bytes.
static RankedTensorType getStoredType(ParameterOp parameter) {
  auto type = llvm::cast<RankedTensorType>(parameter.getType());
  if (parameter.getKind() != "derived")
    return type;
  return RankedTensorType::get({*constantDim(getBufferBytes(type, staticDims(type)))},
                               IntegerType::get(type.getContext(), 8, IntegerType::Unsigned));
}

void VariableTable::emit() {
  if (offsets.empty())
    return;
  OpBuilder builder = OpBuilder::atBlockBegin(module.getBody());
  llvm::SmallVector<llvm::StringRef> names, kinds;
  llvm::SmallVector<Attribute> types;
  llvm::SmallVector<int64_t> positions;
  llvm::SmallVector<ParameterOp> parameters(module.getOps<ParameterOp>());
  for (ParameterOp parameter : parameters) {
    names.push_back(parameter.getSymName());
    kinds.push_back(parameter.getKind());
    types.push_back(TypeAttr::get(getStoredType(parameter)));
    positions.push_back(offsets.lookup(parameter.getSymName()));
  }
  VariablesOp::create(builder, module.getLoc(), builder.getStrArrayAttr(names), builder.getArrayAttr(types),
                      builder.getStrArrayAttr(kinds), builder.getDenseI64ArrayAttr(positions),
                      builder.getI64IntegerAttr(size));
  for (ParameterOp parameter : parameters)
    parameter.erase();
}

} // namespace dlc

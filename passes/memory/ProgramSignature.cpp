// SPDX-License-Identifier: Apache-2.0
#include "passes/memory/ProgramSignature.h"
#include "ir/Annotations.h"
#include "ir/SignatureBuilder.h"
#include "ir/Variables.h"

using namespace mlir;

namespace {

/// Gives a program its arguments and says what they are.
class SignatureWriter {
public:
  SignatureWriter(func::FuncOp graph, dlc::MemoryPlan &memory, const dlc::VariableTable &variables)
      : graph(graph), memory(memory), variables(variables), entry(memory.getEntry()),
        symbolNames(entry.shapes.getSymbols()), results(entry.getReturn().getOperands()), builder(graph) {}

  dlc::ProgramSignature write(AffineExpr workspaceBytes) {
    numberTensors();
    llvm::SmallVector<dlc::ProgramBlock> blocks{dlc::ProgramBlock::Workspace, dlc::ProgramBlock::Constants,
                                                dlc::ProgramBlock::Prepacked};
    if (readsVariables || writesVariables)
      blocks.push_back(dlc::ProgramBlock::Variables);
    Type bytes = MemRefType::get({ShapedType::kDynamic}, builder.getI8Type());
    llvm::SmallVector<Type> types(signature.firstBlock + blocks.size(), bytes);
    types.append(symbolNames.size(), builder.getIndexType());
    program = func::FuncOp::create(builder, graph.getLoc(), graph.getName(), builder.getFunctionType(types, {}));
    signature.function = program;
    program.addEntryBlock();
    attributes.emplace(program);
    describeInputs();
    describeOutputs();
    for (auto [i, block] : llvm::enumerate(blocks))
      dlc::annotation::block.setOfArgument(*attributes, signature.firstBlock + i,
                                           dlc::ProgramBlockAttr::get(graph.getContext(), block));
    describeSymbols(signature.firstBlock + blocks.size());
    attributes->finish();
    carryExtentChecks();
    dlc::annotation::entry.set(program,
                               dlc::EntryPointAttr::get(graph.getContext(), graph.getNameAttr(),
                                                        makeMap({workspaceBytes}), readsVariables, writesVariables,
                                                        variables.readsDerived(graph), /*segments=*/0));
    return signature;
  }

private:
  /// Variables come in one block, all other tensors as arguments of their own, and what has only extents not at all.
  void numberTensors() {
    unsigned inputs = graph.getNumArguments();
    for (unsigned i = 0; i < inputs + results.size(); ++i) {
      bool isInput = i < inputs;
      bool isVariable =
          (isInput ? dlc::getVariableOfArgument(graph, i) : dlc::getVariableOfResult(graph, i - inputs)) != nullptr;
      bool isPassed = !isVariable && !(isInput && dlc::annotation::elementsOf.getOfArgument(graph, i));
      signature.tensorNumbers.push_back(isPassed ? signature.firstBlock++ : 0);
      readsVariables |= isVariable && isInput;
      writesVariables |= isVariable && !isInput;
    }
  }

  AffineMapAttr makeMap(llvm::ArrayRef<AffineExpr> exprs) {
    return AffineMapAttr::get(AffineMap::get(0, symbolNames.size(), exprs, graph.getContext()));
  }

  /// `tensor`, as the argument that represents it; what only inputs, states or outputs have is added.
  struct Description {
    dlc::TensorRole role;
    StringAttr name;
    ArrayAttr checks = {};
    FloatAttr hyperparameter = {};
    bool isLabel = false, isInPlace = false, isKept = false;
  };
  void describe(unsigned argument, Value tensor, const Description &description) {
    auto attribute = dlc::ProgramTensorAttr::get(
        graph.getContext(), description.role, description.name, llvm::cast<RankedTensorType>(tensor.getType()),
        makeMap(entry.getDims(tensor)), description.checks, description.hyperparameter, description.isLabel,
        description.isInPlace, description.isKept);
    dlc::annotation::tensor.setOfArgument(*attributes, argument, attribute);
  }

  void describeInputs() {
    for (BlockArgument tensor : graph.getArguments()) {
      unsigned i = tensor.getArgNumber();
      if (dlc::getVariableOfArgument(graph, i) || dlc::annotation::elementsOf.getOfArgument(graph, i))
        continue;
      Description description{dlc::TensorRole::State, dlc::annotation::state.getOfArgument(graph, i)};
      if (!description.name)
        description = {dlc::TensorRole::Input, dlc::annotation::name.getOfArgument(graph, i)};
      if (!description.name)
        description.name = builder.getStringAttr("input" + llvm::Twine(i));
      description.isInPlace = llvm::is_contained(memory.getStatesInPlace(), tensor);
      description.checks = dlc::annotation::checks.getOfArgument(graph, i);
      description.hyperparameter = dlc::annotation::hyperparameter.getOfArgument(graph, i);
      description.isLabel = dlc::annotation::label.getOfArgument(graph, i) != nullptr;
      describe(signature.tensorNumbers[i], tensor, description);
    }
  }

  void describeOutputs() {
    for (auto [i, tensor] : llvm::enumerate(results)) {
      if (dlc::getVariableOfResult(graph, i))
        continue;
      Description description{dlc::TensorRole::NextState, dlc::annotation::state.getOfResult(graph, i)};
      if (!description.name) {
        description = {dlc::TensorRole::Output, dlc::annotation::name.getOfResult(graph, i)};
        description.isKept = dlc::annotation::kept.getOfResult(graph, i) != nullptr;
      }
      if (!description.name)
        description.name = builder.getStringAttr("output" + llvm::Twine(i));
      describe(signature.tensorNumbers[graph.getNumArguments() + i], tensor, description);
    }
  }

  /// The symbols' bounds that the frontend knows are attributes beside the graph.
  void describeSymbols(unsigned firstArgument) {
    DictionaryAttr bounds = dlc::annotation::symbolBounds.get(graph);
    llvm::StringMap<dlc::ElementSourceAttr> elements = findElements();
    for (auto [i, symbol] : llvm::enumerate(symbolNames)) {
      auto own = bounds ? bounds.getAs<dlc::SymbolBoundsAttr>(symbol) : dlc::SymbolBoundsAttr();
      // What the program itself computes, and at most this.
      dlc::SymbolBounds computed = entry.shapes.getBounds();
      AffineMapAttr bound = i < computed.size() && computed[i] ? makeMap({computed[i]}) : AffineMapAttr();
      auto attribute =
          dlc::ProgramSymbolAttr::get(graph.getContext(), builder.getStringAttr(symbol), own ? own.getMinimum() : 0,
                                      own ? own.getMaximum() : dlc::largestExtent, elements.lookup(symbol), bound);
      dlc::annotation::symbol.setOfArgument(*attributes, firstArgument + i, attribute);
    }
  }

  /// Where each symbol that is an element of an input comes from.
  llvm::StringMap<dlc::ElementSourceAttr> findElements() {
    llvm::StringMap<unsigned> inputs;
    for (unsigned i = 0; i < graph.getNumArguments(); ++i)
      if (StringAttr name = dlc::annotation::name.getOfArgument(graph, i))
        inputs[name.getValue()] = signature.tensorNumbers[i];
    llvm::StringMap<dlc::ElementSourceAttr> elements;
    for (unsigned i = 0; i < graph.getNumArguments(); ++i) {
      StringAttr name = dlc::annotation::elementsOf.getOfArgument(graph, i);
      ArrayAttr dims = dlc::annotation::dims.getOfArgument(graph, i);
      if (!name || !dims)
        continue;
      auto input = inputs.find(name.getValue());
      int64_t argument = input == inputs.end() ? -1 : static_cast<int64_t>(input->second);
      for (auto [position, symbol] : llvm::enumerate(dims.getAsRange<StringAttr>()))
        elements[symbol.getValue()] = dlc::ElementSourceAttr::get(
            graph.getContext(), argument, static_cast<int64_t>(position / 2), /*negative=*/position % 2 != 0);
    }
    return elements;
  }

  /// The checks of `--dlc-check-extents`, over the program's symbols.
  void carryExtentChecks() {
    dlc::ExtentChecksAttr all = dlc::annotation::extentChecks.get(graph);
    if (!all)
      return;
    llvm::SmallVector<llvm::StringRef> names(symbolNames.begin(), symbolNames.end());
    dlc::annotation::extentChecks.set(program,
                                      dlc::ExtentChecksAttr::get(graph.getContext(), builder.getStrArrayAttr(names),
                                                                 dlc::bindExtentChecks(all, symbolNames)));
  }

  func::FuncOp graph;
  dlc::MemoryPlan &memory;
  const dlc::VariableTable &variables;
  dlc::Frame &entry;
  llvm::ArrayRef<std::string> symbolNames;
  OperandRange results;
  OpBuilder builder;
  func::FuncOp program;
  std::optional<dlc::SignatureBuilder> attributes; ///< of the program's arguments
  dlc::ProgramSignature signature;
  bool readsVariables = false, writesVariables = false;
};

} // namespace

dlc::ProgramSignature dlc::createProgram(func::FuncOp graph, MemoryPlan &memory, const VariableTable &variables,
                                         AffineExpr workspaceBytes) {
  return SignatureWriter(graph, memory, variables).write(workspaceBytes);
}

ArrayAttr dlc::bindExtentChecks(ExtentChecksAttr all, llvm::ArrayRef<std::string> symbols) {
  MLIRContext *context = all.getContext();
  llvm::SmallVector<AffineExpr> own;
  for (auto name : all.getSymbols().getAsRange<StringAttr>())
    own.push_back(getAffineSymbolExpr(llvm::find(symbols, name.getValue()) - symbols.begin(), context));
  llvm::SmallVector<Attribute> checks;
  for (auto check : all.getChecks().getAsRange<ExtentCheckAttr>()) {
    llvm::SmallVector<AffineExpr> values;
    for (AffineExpr value : check.getValues().getValue().getResults())
      values.push_back(value.replaceSymbols(own));
    AffineMap bound = AffineMap::get(0, symbols.size(), values, context);
    checks.push_back(ExtentCheckAttr::get(context, check.getRelation(), AffineMapAttr::get(bound), check.getWhat()));
  }
  return ArrayAttr::get(context, checks);
}
